"""The parts of a message that are files: attached under a name, or shown by the HTML."""

from __future__ import annotations

import re
from urllib.parse import quote

from couvert.delivery.mime_headers import PREFERRED_LINE, checked
from couvert.delivery.mime_parts import base64_lines
from couvert.domain.attachments import Attachment, is_content_id, is_file_name, is_type

_PLAIN_NAME = re.compile(r"[A-Za-z0-9 !#$&'()+,.;=@\[\]^_`{}~-]{1,200}")
_SECTION = 5
"""Characters, of which each takes twelve letters at most; so a section fits a line."""


def file_part(attachment: Attachment, *, is_inline: bool) -> bytes:
    """Headers, blank line and content in base64. Raise a `ValueError` for what cannot be sent."""
    return b"".join((_head(attachment, is_inline=is_inline), base64_lines(attachment.content)))


def _head(attachment: Attachment, *, is_inline: bool) -> bytes:
    name, content_type, content_id = attachment.filename, attachment.content_type, attachment.content_id
    if not is_type(checked("Content-Type", content_type)):
        raise ValueError(f"Content-Type: {content_type[:70]!r} is no type")
    if not is_file_name(checked("Content-Disposition", name)):
        raise ValueError("Content-Disposition: this is no name of a file")
    lines = [
        f"Content-Type: {content_type}",
        "Content-Transfer-Encoding: base64",
        f"Content-Disposition: {'inline' if is_inline else 'attachment'};\r\n {_file_name(name)}",
    ]
    if content_id is not None:
        if not is_content_id(content_id):
            raise ValueError("Content-ID: must be letters, digits and .-_@")
        lines.append(f"Content-ID: <{content_id}>")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _file_name(name: str) -> str:
    """As a quoted string where that says it all; else by RFC 2231, in sections that fit a line."""
    if _PLAIN_NAME.fullmatch(name) and name == " ".join(name.split()):
        return f'filename="{name}"'
    encoded = quote(name, safe="")
    if len(encoded) + len("filename*=utf-8''; ") <= PREFERRED_LINE:
        return f"filename*=utf-8''{encoded}"
    # By whole characters: some readers decode each section by itself.
    sections = [quote(name[at : at + _SECTION], safe="") for at in range(0, len(name), _SECTION)]
    sections[0] = "utf-8''" + sections[0]
    return ";\r\n ".join(f"filename*{n}*={section}" for n, section in enumerate(sections))
