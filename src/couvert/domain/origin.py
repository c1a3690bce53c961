"""Which web origins a key is good for: hosts, exactly, with an optional port or a leading wildcard."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import urlsplit

_LABEL = r"(?!-)[a-z0-9_-]{1,63}(?<!-)"
_HOST = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    host: str
    port: int | None
    default_port: int | None = None
    """The port that the scheme implies; a name with that port matches an origin that leaves it out."""

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


def parse_origin(text: str) -> Origin | None:
    """The host (and port) of `https://app.example.com:8080`, `app.example.com:8080` or `app.example.com`."""
    text = text.strip()
    if not text.isprintable():
        return None  # `urlsplit` leaves out line breaks and tabs, wherever they stand
    try:
        parts = urlsplit(text if "://" in text else f"//{text}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or parts.username is not None or parts.path not in ("", "/") or parts.query or parts.fragment:
        return None
    host = _ascii(host)
    if host is None or len(host) > 253 or not (_HOST.fullmatch(host) or ":" in host):
        return None
    return Origin(f"[{host}]" if ":" in host else host, port, _PORTS.get(parts.scheme))


def parse_origin_name(text: str) -> str | None:
    """A key's origin name in its stored form: lower-case host, `host:port` or `*.host`; None if it is none of these."""
    wildcard, rest = ("*.", text.strip()[2:]) if text.strip().startswith("*.") else ("", text)
    origin = parse_origin(rest)
    if origin is None or (wildcard and ("://" in rest or ":" in origin.host)):
        return None
    return wildcard + str(origin)


def matches(name: str, origin: Origin) -> bool:
    """Whether a stored origin name covers the origin of a request."""
    return name in candidates(origin)


def candidates(origin: Origin) -> list[str]:
    """Every stored name that covers this origin: the host, the host with its port, and a wildcard for each parent."""
    labels = origin.host.split(".")
    hosts = [origin.host, *("*." + ".".join(labels[i:]) for i in range(1, len(labels)))]
    port = origin.port if origin.port is not None else origin.default_port
    return hosts if port is None else [*hosts, *(f"{host}:{port}" for host in hosts)]


def _ascii(host: str) -> str | None:
    """With a dot at the end it is another origin to a browser, and to us it is none."""
    try:
        name = host.lower().encode("ascii" if host.isascii() else "idna").decode("ascii")
    except UnicodeError:
        return None
    return None if name.endswith(".") else name
