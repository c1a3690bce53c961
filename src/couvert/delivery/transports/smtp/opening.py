"""How a conversation with a relay begins: the greeting, EHLO, the agreement on TLS, the login."""

from __future__ import annotations

from base64 import b64encode

from couvert.delivery.transports.smtp.session import Dialogue, Offers, Say, Unwelcome


def greeting(name: str, seconds: float) -> Dialogue[Offers]:
    """Hear the relay's greeting, then introduce ourselves."""
    [reply] = yield Say(b"", seconds)
    if reply.code != 220:
        raise Unwelcome(f"it greeted with: {reply}")
    return (yield from hello(name, seconds))


def hello(name: str, seconds: float) -> Dialogue[Offers]:
    """Introduce ourselves and learn what the relay offers; one that refuses EHLO offers nothing."""
    [reply] = yield Say(f"EHLO {name}\r\n".encode("ascii"), seconds)
    if reply.code == 250:
        return Offers.announced_in(reply)
    if 500 <= reply.code < 600 and reply.code != 521:
        [reply] = yield Say(f"HELO {name}\r\n".encode("ascii"), seconds)
        if reply.code == 250:
            return Offers()
    raise Unwelcome(f"it answered our introduction with: {reply}")


def starttls(seconds: float) -> Dialogue[None]:
    """Agree on TLS. Nothing is said after this line until the connection is encrypted."""
    [reply] = yield Say(b"STARTTLS\r\n", seconds)
    if reply.code != 220:
        raise Unwelcome(f"it offered STARTTLS and then refused it: {reply}")


def login(user: str, password: str, offers: Offers, seconds: float) -> Dialogue[None]:
    """Prove who we are, one line at a time: what is refused must not be followed by what was not heard yet."""
    if "PLAIN" in offers.logins:
        lines = [b"AUTH PLAIN " + _encoded(f"\0{user}\0{password}")]
    elif "LOGIN" in offers.logins:
        lines = [b"AUTH LOGIN\r\n", _encoded(user), _encoded(password)]
    else:
        offered = ", ".join(sorted(offers.logins)) or "none"
        raise Unwelcome(f"it offers no login that couvert knows (PLAIN or LOGIN; it offers {offered})")
    for line in lines:
        [reply] = yield Say(line, seconds)
        if reply.code != 334:
            break
    if reply.code != 235:
        raise Unwelcome(f"it refused the login: {reply}")


def _encoded(text: str) -> bytes:
    return b64encode(text.encode()) + b"\r\n"
