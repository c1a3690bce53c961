"""The address of SES: `ses://region?option=value`; whose account it is, AWS's own settings say."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, NoReturn
from urllib.parse import urlsplit

from couvert.delivery.url_options import UrlOptions, number

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
_REGION: Final = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


@dataclass(frozen=True, slots=True, kw_only=True)
class SesOptions:
    """What the operator wants of the calls to SES."""

    region: str
    configuration_set: str | None = None
    tenant: str | None = None
    connections: int = 64
    timeout_seconds: float = 30.0
    """For the answer to a complete call."""
    idle_seconds: float = 15.0
    """An unused connection is closed after this: well before SES would, for a call that meets a closing connection ends
    as unknown.
    """
    endpoint: str | None = None
    """Where to call instead of SES; None: as AWS's own settings say."""
    connect_seconds: float = 10.0


def ses_from_url(url: str, endpoint: str | None = None) -> SesOptions:
    """Read the URL, or raise a `ValueError` whose one line says what to write instead."""
    parts = urlsplit(url)
    if parts.scheme != "ses":
        _wrong("starts with ses://")
    if not _REGION.fullmatch(parts.netloc) or parts.path not in ("", "/") or parts.fragment:
        _wrong("names a region and nothing else: ses://eu-central-1 (credentials come from AWS's own settings)")
    given = UrlOptions(parts.query, _wrong)
    options = SesOptions(
        region=parts.netloc,
        configuration_set=given.parsed("configuration_set", _name, "the name of a configuration set", default=None),
        tenant=given.parsed("tenant", _name, "the name of a tenant", default=None),
        connections=given.parsed("connections", number(int, 1, 4096), "a number from 1 to 4096", default=64),
        timeout_seconds=given.parsed(
            "timeout", number(float, 1, 3600), "a number of seconds from 1 to 3600", default=30.0
        ),
        idle_seconds=given.parsed("idle", number(float, 1, 300), "a number of seconds from 1 to 300", default=15.0),
        endpoint=endpoint,
    )
    if given.left:
        _wrong(f"knows configuration_set, tenant, connections, timeout and idle, but not {', '.join(given.left)}")
    return options


def _name(text: str) -> str | None:
    if not _NAME.fullmatch(text):
        raise ValueError
    return text


def _wrong(expectation: str) -> NoReturn:
    raise ValueError(f"the URL of Amazon SES {expectation}") from None
