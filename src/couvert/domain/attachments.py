"""What may come with a mail: files by name, and images that its HTML shows by `cid:`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from couvert.domain.lines import is_one_line
from couvert.domain.refusals import Fault

MOST: Final = 100
MOST_BYTES: Final = 25_000_000
"""Of all attachments of a mail; base64 makes 34 MB of it, and providers take 40."""
LONGEST_NAME: Final = 255
LONGEST_TYPE: Final = 200
LONGEST_ID: Final = 128

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_TYPE: Final = re.compile(rf'{_WORD}/{_WORD}(?:; ?{_WORD}=(?:{_WORD}|"[ !#-\[\]-~]*"))*')
_ID: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.@-]+")


@dataclass(frozen=True, slots=True)
class Attachment:
    filename: str
    content_type: str
    """`type/subtype`, perhaps with parameters."""
    content: bytes
    content_id: str | None = None
    """Without angle brackets. The HTML shows it as `cid:...`, and it is no file to be saved."""


def faults(attachments: Sequence[Attachment]) -> Iterator[Fault]:
    """What is wrong with them, by their places."""
    if len(attachments) > MOST:
        yield Fault("attachments", f"are {len(attachments)}; a mail has at most {MOST}.")
        return
    size = sum(len(attachment.content) for attachment in attachments)
    if size > MOST_BYTES:
        yield Fault("attachments", f"have {size:,} bytes in all; at most {MOST_BYTES:,} can be sent.")
    ids: set[str] = set()
    for n, attachment in enumerate(attachments):
        for field, words in _own_faults(attachment, ids):
            yield Fault(f"attachments.{n}.{field}", words)


def _own_faults(attachment: Attachment, ids: set[str]) -> Iterator[tuple[str, str]]:
    if not is_file_name(attachment.filename):
        yield "filename", f"must be a file's name of 1 to {LONGEST_NAME} characters, without a path."
    if not is_type(attachment.content_type):
        yield "content_type", "must be a type such as application/pdf."
    elif attachment.content_type.lower().startswith(("multipart/", "message/")):
        yield "content_type", "cannot be attached; use application/octet-stream."
    content_id = attachment.content_id
    if content_id is None:
        return
    if not is_content_id(content_id):
        yield "content_id", f"must be 1 to {LONGEST_ID} letters, digits and .-_@ as in the HTML after `cid:`."
    elif content_id in ids:
        yield "content_id", "is another attachment's already."
    ids.add(content_id)


def is_file_name(name: str) -> bool:
    is_path = "/" in name or "\\" in name or name in {".", ".."}
    return 1 <= len(name) <= LONGEST_NAME and name == name.strip() and not is_path and is_one_line(name)


def is_type(content_type: str) -> bool:
    return len(content_type) <= LONGEST_TYPE and _TYPE.fullmatch(content_type) is not None


def is_content_id(content_id: str) -> bool:
    return len(content_id) <= LONGEST_ID and _ID.fullmatch(content_id) is not None
