"""Reading one delivery: where it is, all that happened to it, and what was or will be sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Annotated, Final, TypedDict, cast

from pydantic import Field
from starlette.responses import Response

from couvert.api.parts import Parts
from couvert.api.v2.accepting import prefers
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.call import Call
from couvert.api.v2.mail_reads import EXAMPLE_DELIVERY
from couvert.api.v2.read_answers import DeliveryAnswer, delivery_answer, timeline_entry
from couvert.delivery.copies import Copy
from couvert.domain import ids
from couvert.domain.refusals import NotFound

NO_SUCH_DELIVERY: Final = "There is no such delivery."
RAW: Final = "message/rfc822"


class AttachmentAnswer(TypedDict):
    filename: str | None
    contentType: str


class ContentAnswer(TypedDict):
    deliveryId: str
    attempt: Annotated[int, Field(description="The last that was begun; 0 before the first.")]
    isExact: Annotated[
        bool, Field(description="These very bytes were handed over; otherwise made again, equal but for the Date.")
    ]
    headers: Annotated[dict[str, str], Field(description="Decoded, by name.")]
    subject: str
    html: str | None
    text: str | None
    attachments: list[AttachmentAnswer]


def delivery_read_calls(parts: Parts) -> Sequence[Call]:
    async def delivery(asked: Asked) -> Answer:
        found = await parts.reading.delivery(delivery_id_of(asked.path["deliveryId"]))
        if found is None:
            raise NotFound(NO_SUCH_DELIVERY)
        view, events = found
        return Answer({**delivery_answer(view), "timeline": [timeline_entry(event) for event in events]})

    async def content(asked: Asked) -> Answer | Response:
        delivery_id = delivery_id_of(asked.path["deliveryId"])
        copy = await parts.copies.copy(delivery_id)
        if prefers(asked.request.headers, RAW, to="application/json"):
            return Response(copy.content, media_type=RAW, headers={"Vary": "Accept"})
        # A message may have many megabytes.
        data = await asyncio.to_thread(content_answer, delivery_id, copy)
        return Answer({**data}, headers={"Vary": "Accept"})

    which = {"deliveryId": "The delivery's id."}
    return [
        Call(
            method="GET",
            path="/v2/deliveries/{deliveryId}",
            handle=delivery,
            summary="Read a delivery",
            description="With its timeline: every event, oldest first, with the provider's own words.",
            tag="Deliveries",
            answer=DeliveryAnswer,
            refusals=("not_found",),
            example_data={**EXAMPLE_DELIVERY, "timeline": [EXAMPLE_ENTRY]},
            parameters=which,
        ),
        Call(
            method="GET",
            path="/v2/deliveries/{deliveryId}/content",
            handle=content,
            summary="Read what was or will be sent",
            description=f"As JSON, or with `Accept: {RAW}` the raw message.",
            tag="Deliveries",
            answer=ContentAnswer,
            media_types=("application/json", RAW),
            refusals=("not_found",),
            example_data=EXAMPLE_CONTENT,
            parameters=which,
        ),
    ]


def delivery_id_of(text: str) -> int:
    delivery_id = ids.decode("dlv", text)
    if delivery_id is None:
        raise NotFound(NO_SUCH_DELIVERY)
    return delivery_id


def content_answer(delivery_id: int, copy: Copy) -> ContentAnswer:
    message: EmailMessage = message_from_bytes(copy.content, policy=policy.default)
    headers = {name: str(value) for name, value in message.items()}
    return {
        "deliveryId": ids.encode("dlv", delivery_id),
        "attempt": copy.attempt,
        "isExact": copy.is_exact,
        "headers": headers,
        "subject": headers.get("Subject", ""),
        "html": _body(message, "html"),
        "text": _body(message, "plain"),
        "attachments": [
            {"filename": part.get_filename(), "contentType": part.get_content_type()}
            for part in message.iter_attachments()
        ],
    }


def _body(message: EmailMessage, kind: str) -> str | None:
    part = cast(EmailMessage | None, message.get_body((kind,)))
    return None if part is None else str(part.get_content()).replace("\r\n", "\n")


EXAMPLE_ENTRY: Final = {
    "eventId": "4711",
    "type": "delivery.sent",
    "at": "2025-01-27T10:30:00.210Z",
    "detail": "attempt 1, provider id 0000014a-f4d4-4c4b-8b7a-123456789012-000000",
    "data": {"attempt": 1, "providerId": "0000014a-f4d4-4c4b-8b7a-123456789012-000000"},
}
EXAMPLE_CONTENT: Final = {
    "deliveryId": "dlv_00jbyd8cjd801",
    "attempt": 1,
    "isExact": True,
    "headers": {"From": "Support Team <support@example.com>", "To": "John Doe <john@example.com>"},
    "subject": "Hello John Doe",
    "html": "<h1>Hello John Doe</h1>\n",
    "text": "Hello John Doe\n",
    "attachments": [],
}
