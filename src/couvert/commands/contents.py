"""What a mail says, as the vault keeps it: bodies and attachments by their hashes, so that each is stored once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from couvert.domain.mail import AcceptMail
from couvert.store.rows import Content, StoredAttachment

Bodies = Mapping[bytes, str | bytes]


def content_of(mail_id: int, command: AcceptMail) -> tuple[Content, Bodies]:
    """The content, and what it refers to."""
    bodies: dict[bytes, str | bytes] = {}

    def kept(body: str | bytes) -> bytes:
        digest = sha256(body.encode() if isinstance(body, str) else body).digest()
        bodies[digest] = body
        return digest

    content = Content(
        mail_id=mail_id,
        sender=command.sender,
        subject=command.subject,
        reply_to=command.reply_to,
        html=None if command.html is None else kept(command.html),
        text=None if command.text is None else kept(command.text),
        variables=command.variables,
        references=command.references,
        tags=command.tags,
        headers=command.headers,
        attachments=tuple([
            StoredAttachment(each.filename, each.content_type, each.content_id, len(each.content), kept(each.content))
            for each in command.attachments
        ]),
    )  # fmt: skip
    return content, bodies


def together(bodies: Sequence[Bodies]) -> Bodies:
    if len(bodies) == 1:
        return bodies[0]
    return {digest: body for each in bodies for digest, body in each.items()}
