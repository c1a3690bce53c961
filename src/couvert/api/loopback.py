"""Whether a request was made on this very machine, by somebody who did not come through a proxy."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from typing import Final

from starlette.requests import Request

from couvert.domain.origin import parse_origin

_RELAYED: Final = ("forwarded", "x-real-ip", "via")
_PORT: Final = re.compile(r":\d{1,5}$")


def is_local(request: Request) -> bool:
    """Peer and `Host` are loopback, and no header tells of a proxy.

    The `Host` matters, too: a web page can point a name of its own at 127.0.0.1 and let its visitor's browser ask.
    """
    peer = request.client
    hosts = request.headers.getlist("host")
    return (
        peer is not None
        and _is_loopback(peer.host)
        and len(hosts) == 1
        and _is_loopback(_PORT.sub("", hosts[0]).strip("[]"))
        and not any(name in _RELAYED or name.startswith("x-forwarded") for name in request.headers)
    )


def is_loopback_origin(text: str) -> bool:
    origin = parse_origin(text)
    return origin is not None and _is_loopback(origin.host)


def _is_loopback(host: str) -> bool:
    if host.lower() == "localhost":
        return True
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return address.is_loopback
