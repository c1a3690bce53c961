"""What is asked and answered about webhooks, and what it means inside."""

from __future__ import annotations

from typing import Annotated, Final, Self, TypedDict

from pydantic import AfterValidator, BaseModel, Field, model_validator

from couvert.api.v2.times import Moment, rfc3339, rfc3339_or_none
from couvert.domain.lines import is_one_line
from couvert.domain.webhook import Terms, Webhook, matching
from couvert.readmodels.event_views import TYPES

MOST: Final = 100
LONGEST_URL: Final = 2_000


def _line(text: str) -> str:
    text = text.strip()
    if not is_one_line(text):
        raise ValueError("write one line")
    return text


def _type(pattern: str) -> str:
    pattern = pattern.strip()
    if not matching([pattern], TYPES):
        known = ", ".join(sorted(matching(["*"], TYPES)))
        raise ValueError(f"means no event that webhooks tell of; write delivery.*, * or one of {known}")
    return pattern


class WebhookBody(BaseModel):
    url: Annotated[
        str,
        Field(
            min_length=1, max_length=LONGEST_URL, description="Where messages are posted: https, no private network."
        ),
    ]
    types: Annotated[
        list[Annotated[str, Field(max_length=MOST), AfterValidator(_type)]],
        Field(min_length=1, max_length=MOST, description="Types of events; `delivery.*` and `*` mean several."),
    ]
    description: Annotated[str, Field(max_length=300), AfterValidator(_line)] = ""
    tags: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=MOST)]],
        Field(max_length=MOST, description="Only mails with one of these tags; empty: any mail."),
    ] = []
    project_id: Annotated[
        str | None, Field(alias="projectId", max_length=300, description="Only mails of this project; null: any.")
    ] = None
    includes_recipient: Annotated[
        bool,
        Field(alias="includeRecipient", description="Whether messages hold the recipient and the provider's words."),
    ] = False
    is_active: Annotated[bool, Field(alias="isActive")] = True

    def terms(self) -> Terms:
        return Terms(
            url=self.url.strip(),
            description=self.description,
            types=tuple(dict.fromkeys(self.types)),
            tags=tuple(dict.fromkeys(self.tags)),
            project_id=self.project_id,
            includes_recipient=self.includes_recipient,
            is_active=self.is_active,
        )


class ReplayBody(BaseModel):
    """One message, or all that failed."""

    message_id: Annotated[
        str | None, Field(alias="messageId", max_length=MOST, description="This one, however it ended.")
    ] = None
    since: Annotated[Moment | None, Field(description="All that failed and were queued at this time or later.")] = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.message_id is None) == (self.since is None):
            raise ValueError("give either messageId or since")
        return self


class WebhookAnswer(TypedDict):
    webhookId: str
    url: str
    description: str
    types: list[str]
    tags: list[str]
    projectId: str | None
    includeRecipient: bool
    isActive: bool
    offReason: Annotated[str | None, Field(description="`gone`: the receiver answered 410, and it was switched off.")]
    createdAt: str
    formerSecretUntil: Annotated[str | None, Field(description="Until then the former secret signs too.")]


class BacklogAnswer(TypedDict):
    waiting: Annotated[int, Field(description="Messages that the receiver has not taken yet.")]
    oldestAt: Annotated[str | None, Field(description="When the oldest of them was queued.")]
    dropped: Annotated[
        int, Field(description="Given up because the receiver fell too far behind, while kept; they can be replayed.")
    ]


class WebhookReadAnswer(WebhookAnswer):
    messages: BacklogAnswer


class WebhookSecretAnswer(WebhookAnswer):
    secret: Annotated[str | None, Field(description="Shown this once, and null when it is replayed.")]


class WebhooksAnswer(TypedDict):
    webhooks: list[WebhookAnswer]


class AttemptAnswer(TypedDict):
    messageId: Annotated[str, Field(description="As in the header `webhook-id`; the same at every attempt.")]
    eventId: Annotated[str | None, Field(description="Null for a test.")]
    number: int
    at: str
    milliseconds: int
    status: Annotated[int | None, Field(description="What the receiver answered; null if it did not.")]
    error: str | None
    excerpt: Annotated[str | None, Field(description="The beginning of the answer's body, 1 kB at most.")]
    messageState: Annotated[str, Field(description="`waiting`, `told`, `failed` or `dropped`: of the message, now.")]
    nextAttemptAt: str | None


class AttemptsAnswer(TypedDict):
    attempts: list[AttemptAnswer]


class ReplayAnswer(TypedDict):
    replayed: Annotated[int, Field(description="How many messages are due again.")]


class TestAnswer(TypedDict):
    messageId: str


def webhook_answer(webhook: Webhook) -> WebhookAnswer:
    terms = webhook.terms
    return {
        "webhookId": webhook.webhook_id,
        "url": terms.url,
        "description": terms.description,
        "types": list(terms.types),
        "tags": list(terms.tags),
        "projectId": terms.project_id,
        "includeRecipient": terms.includes_recipient,
        "isActive": terms.is_active,
        "offReason": webhook.off_reason,
        "createdAt": rfc3339(webhook.created_at),
        "formerSecretUntil": rfc3339_or_none(webhook.secrets.former_until),
    }
