"""Where a webhook may lead: an http address without credentials, and no place inside our own network."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final, NamedTuple
from urllib.parse import urlsplit

LONGEST: Final = 2_000
_PORTS: Final = {"https": 443, "http": 80}
_NAT64: Final = IPv6Network("64:ff9b::/96")


class Endpoint(NamedTuple):
    scheme: str
    host: str
    """A name or an address, without brackets."""
    port: int
    target: str
    """Path and query, as they stand in the request."""

    @property
    def authority(self) -> str:
        """For the `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _PORTS[self.scheme] else f"{host}:{self.port}"


def parse_endpoint(url: str, *, allows_http: bool = False, allows_private: bool = False) -> Endpoint:
    """Raises `ValueError` with what to write instead."""
    if len(url) > LONGEST:
        raise ValueError(f"is longer than {LONGEST} characters")
    if not url.isascii() or not url.isprintable() or any(letter in url for letter in ' \\"<>^`{|}'):
        raise ValueError("write plain letters only: percent-encode the others, and give a host in its xn-- form")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname
    except ValueError:
        raise ValueError("is no address; write https://app.example.com/hooks") from None
    _check_parts(parts.scheme, host, allows_http=allows_http)
    assert host is not None
    if "@" in parts.netloc:
        raise ValueError("must not hold a user or password; the signature says who sends")
    if "#" in url:
        raise ValueError("must not have a fragment: it is never sent")
    if not allows_private and is_address(host) and not is_public(host):
        raise ValueError("leads into a private network; COUVERT_WEBHOOK_ALLOW_PRIVATE allows that")
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Endpoint(parts.scheme, host, _PORTS[parts.scheme] if port is None else port, target)


def _check_parts(scheme: str, host: str | None, *, allows_http: bool) -> None:
    if scheme not in _PORTS or not host or "%" in host:
        raise ValueError("is no address; write https://app.example.com/hooks")
    if scheme == "http" and not allows_http:
        raise ValueError("must begin with https://; COUVERT_WEBHOOK_ALLOW_HTTP allows http:// too")


def is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether it leads out into the internet, whatever its notation; not to us, our network or its metadata."""
    return _is_public(ip_address(address.partition("%")[0]))


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    """What is reserved takes in `::1`, `::127.0.0.1` and all else that begins with `::`."""
    inner = _inner(address) if isinstance(address, IPv6Address) else None
    if inner is not None:
        return _is_public(inner)
    return address.is_global and not address.is_multicast and not address.is_reserved


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that it leads to in the end."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
