"""The calls about webhooks, as the router, the door and the specification take them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from couvert.api.parts import Parts
from couvert.api.v2.call import Call
from couvert.api.v2.pages import CursorQuery, PageQuery
from couvert.api.v2.webhooks.handlers import Webhooks
from couvert.api.v2.webhooks.shapes import (
    AttemptsAnswer,
    ReplayAnswer,
    ReplayBody,
    TestAnswer,
    WebhookAnswer,
    WebhookBody,
    WebhookReadAnswer,
    WebhooksAnswer,
    WebhookSecretAnswer,
)

WEBHOOK: Final = {"webhookId": "The webhook's id."}

EXAMPLE_BODY: Final[dict[str, Any]] = {
    "url": "https://shop.example.com/hooks/couvert",
    "types": ["delivery.bounced", "delivery.complained"],
    "description": "Shop",
    "tags": ["welcome"],
    "projectId": None,
    "includeRecipient": False,
    "isActive": True,
}
EXAMPLE: Final[dict[str, Any]] = {
    "webhookId": "0b8e7a52-6a3f-4c58-9d55-3f0f6a1f2b7c",
    **EXAMPLE_BODY,
    "offReason": None,
    "createdAt": "2026-01-31T12:00:00.000Z",
    "formerSecretUntil": None,
}
EXAMPLE_SECRET: Final = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="  # noqa: S105 - of nobody
EXAMPLE_ATTEMPT: Final = {
    "messageId": "msg_0j3q5r2f4g001_4711",
    "eventId": "4711",
    "number": 1,
    "at": "2026-01-31T12:00:00.000Z",
    "milliseconds": 84,
    "status": 503,
    "error": None,
    "excerpt": "down for maintenance",
    "messageState": "waiting",
    "nextAttemptAt": "2026-01-31T12:00:07.312Z",
}


def webhook_calls(parts: Parts) -> Sequence[Call]:
    webhooks = Webhooks(parts)
    one = partial(Call, tag="Webhooks", parameters=WEBHOOK)
    path = "/v2/webhooks/{webhookId}"
    return [
        Call(
            method="POST",
            path="/v2/webhooks",
            handle=webhooks.create,
            summary="Create a webhook",
            description=(
                "From now on events of these types are posted to the address, signed as Standard Webhooks say. The "
                "secret is shown in this answer alone. Messages come at least once, in no promised order."
            ),
            tag="Webhooks",
            body=WebhookBody,
            answer=WebhookSecretAnswer,
            status=201,
            example_body=EXAMPLE_BODY,
            example_data={**EXAMPLE, "secret": EXAMPLE_SECRET},
        ),
        Call(
            method="GET",
            path="/v2/webhooks",
            handle=webhooks.list_all,
            summary="List the webhooks",
            description="Oldest first.",
            tag="Webhooks",
            query=PageQuery,
            answer=WebhooksAnswer,
            list_name="webhooks",
            example_data={"webhooks": [EXAMPLE]},
        ),
        one(
            method="GET",
            path=path,
            handle=webhooks.read,
            summary="Read a webhook",
            description="With how far its receiver is behind.",
            answer=WebhookReadAnswer,
            refusals=("not_found",),
            example_data={**EXAMPLE, "messages": {"waiting": 3, "oldestAt": "2026-01-31T12:00:00.000Z", "dropped": 0}},
        ),
        one(
            method="PUT",
            path=path,
            handle=webhooks.replace,
            summary="Replace a webhook",
            description="What waits for a webhook that is switched off has failed, and can be replayed.",
            body=WebhookBody,
            answer=WebhookAnswer,
            refusals=("not_found",),
            example_body=EXAMPLE_BODY,
            example_data=EXAMPLE,
        ),
        one(
            method="DELETE",
            path=path,
            handle=webhooks.delete,
            summary="Delete a webhook",
            description="With its secret, its messages and their attempts.",
            refusals=("not_found",),
        ),
        one(
            method="POST",
            path=path + "/rotate-secret",
            handle=webhooks.rotate,
            summary="Give a webhook a new secret",
            description="For 24 hours messages are signed with the former one too.",
            answer=WebhookSecretAnswer,
            refusals=("not_found",),
            example_data={**EXAMPLE, "formerSecretUntil": "2026-02-01T12:00:00.000Z", "secret": EXAMPLE_SECRET},
        ),
        one(
            method="GET",
            path=path + "/attempts",
            handle=webhooks.attempts,
            summary="List the attempts to reach a webhook",
            description="Newest first, for as long as they are kept.",
            query=CursorQuery,
            answer=AttemptsAnswer,
            list_name="attempts",
            refusals=("not_found", "bad_cursor"),
            example_data={"attempts": [EXAMPLE_ATTEMPT]},
        ),
        one(
            method="POST",
            path=path + "/replay",
            handle=webhooks.replay,
            summary="Tell a webhook again",
            description="One message, or all that failed since a time; each under the id that it had.",
            body=ReplayBody,
            answer=ReplayAnswer,
            refusals=("not_found", "conflict"),
            example_body={"since": "2026-01-31T12:00:00Z"},
            example_data={"replayed": 3},
        ),
        one(
            method="POST",
            path=path + "/test",
            handle=webhooks.test,
            summary="Send a test to a webhook",
            description="A message of type `webhook.test`; its attempts are listed like those of any other.",
            answer=TestAnswer,
            status=202,
            refusals=("not_found", "conflict"),
            example_data={"messageId": "msg_0j3q5r2f4g001_t1769860800000"},
        ),
    ]
