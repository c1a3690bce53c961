"""The relay's URL: `smtp://user:password@host:port?option=value`, or `smtps://` for encryption from the start."""

from __future__ import annotations

import re
from typing import NoReturn
from urllib.parse import SplitResult, unquote, urlsplit

from couvert.delivery.transports.smtp.relay import Relay, Tls
from couvert.delivery.url_options import UrlOptions, number


def relay_from_url(url: str) -> Relay:
    """Read the URL, or raise a `ValueError` whose one line says what to write instead, and never quotes the URL."""
    parts = _parts(url)
    options = UrlOptions(parts.query, _wrong)
    user, password = _login(parts)
    relay = Relay(
        host=_host(parts),
        port=_port(parts) or _usual_port(parts.scheme, user),
        tls=_tls(parts.scheme, options),
        user=user,
        password=password,
        verifies=options.choice("verify", {"on": True, "off": False}, default=True),
        cafile=options.take("cafile"),
        plaintext_login=options.choice("auth", {"plaintext": True}, default=False),
        hello=options.parsed("hello", _name, "a host name, or an address in brackets", default=None),
        connections=options.parsed("connections", number(int, 1, 1000), "a number from 1 to 1000", default=20),
        timeout_seconds=options.parsed(
            "timeout", number(float, 1, 3600), "a number of seconds from 1 to 3600", default=30.0
        ),
        rate=options.parsed(
            "rate", number(float, 0.01, 100_000), "a number of recipients per second from 0.01 to 100000", default=None
        ),
        per_day=options.parsed(
            "per_day", number(int, 1, 10**9), "a number of recipients from 1 to 1000000000", default=None
        ),
    )
    if options.left:
        _wrong(
            "knows tls, verify, cafile, auth, hello, connections, timeout, rate and per_day; "
            "in a password write %3F for ?"
        )
    return relay


def _wrong(expectation: str) -> NoReturn:
    """Say what is expected and quote nothing: a mistyped URL has its password in the oddest places."""
    raise ValueError(f"the URL of an SMTP relay {expectation}") from None


def _parts(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
    except ValueError:
        _wrong("holds an IPv6 address in brackets: smtp://[::1]:25")
    if parts.scheme not in ("smtp", "smtps"):
        _wrong("starts with smtp:// or smtps://; the other transports are sandbox and ses://region")
    return parts


def _host(parts: SplitResult) -> str:
    if not parts.hostname or parts.path not in ("", "/") or parts.fragment:
        _wrong("is smtp://user:password@host:port; in a password write %2F for /, %3F for ?, %23 for # and %40 for @")
    return parts.hostname


def _port(parts: SplitResult) -> int | None:
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        _wrong("has a port from 1 to 65535; in a password write %3A for : and %2F for /")
    return port


def _usual_port(scheme: str, user: str | None) -> int:
    if scheme == "smtps":
        return 465
    return 25 if user is None else 587  # who logs in submits mail, and port 587 is for that


def _login(parts: SplitResult) -> tuple[str | None, str]:
    if parts.username is None:
        return None, ""
    user, password = unquote(parts.username), unquote(parts.password or "")
    if not user or not password or "\0" in user + password:
        _wrong("names a user and a password, or neither: smtp://user:password@host")
    return user, password


def _tls(scheme: str, options: UrlOptions) -> Tls:
    words = {"auto": Tls.IF_OFFERED, "require": Tls.REQUIRED, "off": Tls.OFF}
    tls = options.choice("tls", words, default=Tls.IF_OFFERED)
    if scheme == "smtp":
        return tls
    if tls is Tls.OFF:
        _wrong("starts with smtp:// to go with tls=off; smtps:// is encrypted from the start")
    return Tls.FROM_THE_START


def _name(text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9.-]+|\[[A-Za-z0-9.:]+\]", text):
        raise ValueError
    return text
