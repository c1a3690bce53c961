"""The body parts of a message: a text with its MIME headers, fit for a path that carries short lines of ASCII only."""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence

# Every boundary begins with `=_`, and no part holds a line that begins with `--=_`: what travels as it is was searched
# for it, quoted-printable always has a hexadecimal digit or a line end after `=`, and base64 has no `-`.
BOUNDARY_MARK = b"=_"

# What would not arrive as it left: spaces that end a line, `From ` that begins one (mbox makes it `>From `), lines that
# leave no room under the 998 octets of RFC 5322. It begins with one fixed byte because it runs over every mail.
_CHANGED_ON_THE_WAY = re.compile(rb"\n(?:(?<=[ \t]\r\n)|From |--=_|[^\n]{991})")
_PLAIN = b"\t\r\n" + bytes(range(ord(" "), ord("~") + 1))


def text_part(content_type: str, text: str) -> bytes:
    """Headers, blank line and content, ending with a line end, which is added to a text that has none."""
    data = _canonical(content_type, text)
    encoding, content = _encoded(data)
    return b"Content-Type: %b; charset=utf-8\r\nContent-Transfer-Encoding: %b\r\n\r\n%b" % (
        content_type.encode(),
        encoding,
        content,
    )


def alternative(number: int, *parts: bytes) -> bytes:
    """Parts that say the same, the richest last, as one part; `number` makes its boundary unlike another message's."""
    return _together(b"multipart/alternative", b"%b%08x" % (BOUNDARY_MARK, number), parts)


def related(number: int, html: bytes, *images: bytes) -> bytes:
    """An HTML part with what it shows by `cid:`, as one part."""
    return _together(b'multipart/related; type="text/html"', b"%br%08x" % (BOUNDARY_MARK, number), (html, *images))


def mixed(number: int, body: bytes, *files: bytes) -> bytes:
    """What is read, and the files that come with it, as one part."""
    return _together(b"multipart/mixed", b"%bm%08x" % (BOUNDARY_MARK, number), (body, *files))


def _together(content_type: bytes, boundary: bytes, parts: Sequence[bytes]) -> bytes:
    """Of two boundaries in a message none begins with another: some readers would stop at the shorter."""
    pieces = [b'Content-Type: %b; boundary="%b"\r\n' % (content_type, boundary)]
    delimiter = b"\r\n--%b\r\n" % boundary
    for part in parts:
        pieces += (delimiter, part)
    pieces.append(b"\r\n--%b--\r\n" % boundary)
    return b"".join(pieces)


def _canonical(content_type: str, text: str) -> bytes:
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.endswith("\n"):
        text += "\n"
    try:
        return text.replace("\n", "\r\n").encode()
    except UnicodeEncodeError:
        raise ValueError(f"{content_type}: half a surrogate pair cannot be sent") from None


def _encoded(data: bytes) -> tuple[bytes, bytes]:
    unplain = len(data.translate(None, _PLAIN))
    if not unplain and _arrives_as_it_is(data):
        return b"7bit", data
    # Three characters for one in quoted-printable, four for three in base64.
    if 2 * (unplain + data.count(b"=")) < len(data) // 3:
        quoted = binascii.b2a_qp(data)
        if _arrives_as_it_is(quoted):
            return b"quoted-printable", quoted
    return b"base64", base64_lines(data)


def _arrives_as_it_is(data: bytes) -> bool:
    return not _CHANGED_ON_THE_WAY.search(b"\n" + data)


def base64_lines(data: bytes) -> bytes:
    encoded = binascii.b2a_base64(data, newline=False)
    return b"".join([encoded[at : at + 76] + b"\r\n" for at in range(0, len(encoded), 76)])
