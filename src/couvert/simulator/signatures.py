"""Signature version 4: that there is one, that it is of these minutes, and with known secrets that it is right."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import quote, unquote_plus

from couvert.simulator.errors import AwsError
from couvert.simulator.exchange import Request

MOST_SECONDS_APART: Final = 300
_AUTHORIZATION: Final = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/,\s]+)/(\d{8})/([^/,\s]+)/([^/,\s]+)/aws4_request,\s*"
    r"SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]{64})"
)


class Signed(NamedTuple):
    key_id: str
    day: str
    region: str
    service: str
    headers: str
    signature: str


def check_signature(request: Request, services: tuple[str, ...], secrets: Mapping[str, str], now: float) -> None:
    """Refuse what AWS would: `services` are the names that may stand in the scope of the credential."""
    signed, stamp = _parsed(request), request.headers.get("x-amz-date", "")
    if signed.service not in services:
        words = f"Credential should be scoped to correct service: '{services[0]}'. "
        raise AwsError("InvalidSignatureException", words)
    _check_time(stamp, signed.day, now)
    if not secrets:
        return
    if signed.key_id not in secrets:
        raise AwsError("UnrecognizedClientException")
    key = _key(secrets[signed.key_id], signed.day, signed.region, signed.service)
    if not hmac.compare_digest(_signature(request, signed, stamp, key), signed.signature):
        raise AwsError("InvalidSignatureException")


def _parsed(request: Request) -> Signed:
    header = request.headers.get("authorization")
    if header is None:
        raise AwsError("MissingAuthenticationTokenException")
    found = _AUTHORIZATION.fullmatch(header)
    if found is None:
        raise AwsError("IncompleteSignatureException", f"Authorization header is incomplete: '{header[:40]}'...")
    return Signed(*found.groups())


def _check_time(stamp: str, day: str, now: float) -> None:
    try:
        at = _moment(stamp)
    except ValueError:
        raise AwsError("IncompleteSignatureException", "Date must be in ISO-8601 'basic format'.") from None
    if stamp[:8] != day:
        words = f"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{day}'."
        raise AwsError("InvalidSignatureException", words)
    if abs(at - now) > MOST_SECONDS_APART:
        late = "expired" if at < now else "not yet current"
        here = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        raise AwsError("InvalidSignatureException", f"Signature {late}: {stamp} is more than 5 min. from {here}")


@lru_cache(maxsize=16)
def _moment(stamp: str) -> float:
    return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()


@lru_cache(maxsize=16)
def _key(secret: str, day: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _signature(request: Request, signed: Signed, stamp: str, key: bytes) -> str:
    scope = f"{signed.day}/{signed.region}/{signed.service}/aws4_request"
    canonical = hashlib.sha256(_canonical(request, signed.headers).encode()).hexdigest()
    return _hmac(key, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{canonical}").hex()


def _canonical(request: Request, names: str) -> str:
    headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in names.split(";"))
    # The path is quoted once more as sent; every service but S3 has it so.
    path = quote(request.path, safe="/~-._")
    payload = hashlib.sha256(request.body).hexdigest()
    return f"{request.method}\n{path}\n{_canonical_query(request.query_text)}\n{headers}\n{names}\n{payload}"


def _canonical_query(query: str) -> str:
    if not query:
        return ""
    pairs = [part.partition("=") for part in query.split("&")]
    quoted = sorted((_requoted(name), _requoted(value)) for name, _, value in pairs)
    return "&".join(f"{name}={value}" for name, value in quoted)


def _requoted(text: str) -> str:
    return quote(unquote_plus(text), safe="~-._")
