"""The address of SES: `ses://region?option=value`; whose account it is, AWS's own settings say."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn, TypeVar
from urllib.parse import parse_qsl, urlsplit

T = TypeVar("T")

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
    left = dict(parse_qsl(parts.query, keep_blank_values=True))
    options = SesOptions(
        region=parts.netloc,
        configuration_set=_taken(left, "configuration_set", _name, "the name of a configuration set", None),
        tenant=_taken(left, "tenant", _name, "the name of a tenant", None),
        connections=_taken(left, "connections", _number(int, 1, 4096), "a number from 1 to 4096", 64),
        timeout_seconds=_taken(left, "timeout", _number(float, 1, 3600), "a number of seconds from 1 to 3600", 30.0),
        idle_seconds=_taken(left, "idle", _number(float, 1, 300), "a number of seconds from 1 to 300", 15.0),
        endpoint=endpoint,
    )
    if left:
        _wrong(f"knows configuration_set, tenant, connections, timeout and idle, but not {', '.join(sorted(left))}")
    return options


def _taken(left: dict[str, str], name: str, parse: Callable[[str], T], meaning: str, default: T) -> T:
    text = left.pop(name, None)
    try:
        return default if text is None else parse(text)
    except ValueError:
        _wrong(f"has {name}= followed by {meaning}")


def _name(text: str) -> str | None:
    if not _NAME.fullmatch(text):
        raise ValueError
    return text


def _number(kind: type[T], least: float, most: float) -> Callable[[str], T]:
    def parse(text: str) -> T:
        number = kind(text)  # type: ignore[call-arg]
        if not least <= number <= most:  # type: ignore[operator]
            raise ValueError
        return number

    return parse


def _wrong(expectation: str) -> NoReturn:
    raise ValueError(f"the URL of Amazon SES {expectation}") from None
