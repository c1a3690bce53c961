"""The body of a SendEmail call, and the message that it makes."""

from __future__ import annotations

import re
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.policy import SMTP
from email.utils import getaddresses
from typing import Any, Final

import msgspec

from couvert.simulator.errors import AwsError
from couvert.simulator.ses.addresses import bare

_HEAD_END: Final = re.compile(rb"\n\r?\n")


class _Part(msgspec.Struct, rename="pascal"):
    pass


class Destination(_Part):
    to_addresses: list[str] = []
    cc_addresses: list[str] = []
    bcc_addresses: list[str] = []

    def all(self) -> list[str]:
        return [*self.to_addresses, *self.cc_addresses, *self.bcc_addresses]


class Words(_Part):
    data: str
    charset: str = "UTF-8"


class Body(_Part):
    text: Words | None = None
    html: Words | None = None


class Header(_Part):
    name: str
    value: str


class Simple(_Part):
    subject: Words
    body: Body
    headers: list[Header] = []
    attachments: list[dict[str, Any]] = []


class Raw(_Part):
    data: bytes


class Content(_Part):
    simple: Simple | None = None
    raw: Raw | None = None
    template: dict[str, Any] | None = None


class EmailTag(_Part):
    name: str
    value: str


class Letter(_Part):
    content: Content
    from_email_address: str | None = None
    destination: Destination | None = None
    reply_to_addresses: list[str] = []
    email_tags: list[EmailTag] = []
    configuration_set_name: str | None = None
    tenant_name: str | None = None

    def sender(self) -> str:
        if self.from_email_address is not None:
            return self.from_email_address
        if self.content.raw is not None:
            return str(self.headers().get("From", ""))
        raise AwsError("BadRequestException", "Missing required parameter: FromEmailAddress")

    def recipients(self) -> list[str]:
        if self.destination is not None and (named := self.destination.all()):
            return [bare(address) for address in named]
        if self.content.raw is None:
            return []
        head = self.headers()
        lines = [line for name in ("To", "Cc", "Bcc") for line in head.get_all(name, [])]
        return [address for _, address in getaddresses([str(line) for line in lines])]

    def headers(self) -> EmailMessage:
        """Those of the message, and nothing of what they are about."""
        head = BytesHeaderParser(policy=SMTP).parsebytes(head_of(self.message()) + b"\r\n\r\n")
        assert isinstance(head, EmailMessage)
        return head

    def message(self) -> bytes:
        if self.content.raw is not None:
            return self.content.raw.data
        assert self.content.simple is not None
        return _composed(self, self.content.simple)


def head_of(message: bytes) -> bytes:
    """As it came, up to the first empty line."""
    end = _HEAD_END.search(message)
    return message[: end.start()].removesuffix(b"\r") if end else message


def _composed(letter: Letter, simple: Simple) -> bytes:
    message = EmailMessage(policy=SMTP)
    message["From"] = letter.from_email_address
    to = letter.destination or Destination()
    for name, addresses in {
        "To": to.to_addresses,
        "Cc": to.cc_addresses,
        "Reply-To": letter.reply_to_addresses,
    }.items():
        if addresses:
            message[name] = ", ".join(addresses)
    message["Subject"] = simple.subject.data
    for header in simple.headers:
        message[header.name] = header.value
    text, html = simple.body.text, simple.body.html
    if text is not None:
        message.set_content(text.data)
    if html is not None and text is not None:
        message.add_alternative(html.data, subtype="html")
    elif html is not None:
        message.set_content(html.data, subtype="html")
    return message.as_bytes()
