"""Tags of a mail: which names and values SES takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from couvert.simulator.errors import AwsError

if TYPE_CHECKING:
    from couvert.simulator.ses.letter import EmailTag

LONGEST: Final = 256

_PLAIN: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{LONGEST}}}")
_FEEDBACK_ID: Final = frozenset({"ses:feedback-id-a", "ses:feedback-id-b"})
"""The only ones of SES's own names that senders may set."""


def tags_of(email_tags: list[EmailTag]) -> dict[str, str]:
    """By name. Raises `AwsError` for those that SES refuses."""
    for tag in email_tags:
        if tag.name not in _FEEDBACK_ID:
            _check("name", tag.name)
        _check("value", tag.value)
    return {tag.name: tag.value for tag in email_tags}


def _check(part: str, text: str) -> None:
    if _PLAIN.fullmatch(text):
        return
    if not text:
        raise AwsError("BadRequestException", f"The tag {part} must be specified.")
    if len(text) > LONGEST:
        raise AwsError("BadRequestException", f"Tag {part} cannot exceed {LONGEST} characters.")
    words = f"Invalid tag {part} <{text}>: only alphanumeric ASCII characters, '_', and '-' are allowed."
    raise AwsError("BadRequestException", words)
