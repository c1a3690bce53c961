"""What a webhook is sent: the event as JSON, without anything personal unless it asked for the recipient."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from couvert.domain import ids
from couvert.domain.times import rfc3339
from couvert.domain.webhook import Webhook
from couvert.readmodels.webhooks.told import Told, ToldOfMail, ToldOfSuppression

TRIAL: Final = "webhook.test"
_TOLD: Final = ("attempt", "provider_id", "cause", "kind", "by", "reason")
"""What is said of the event in words if the provider's own may not be."""


def body_of(webhook: Webhook, told: Told) -> bytes:
    is_open = webhook.terms.includes_recipient
    if isinstance(told, ToldOfMail):
        return _encoded(told.type, told.at, _of_mail(told, is_open=is_open))
    return _encoded(told.type, told.at, _of_suppression(told, is_open=is_open))


def _of_mail(told: ToldOfMail, *, is_open: bool) -> dict[str, Any]:
    references = told.references
    data: dict[str, Any] = {
        "eventId": str(told.position),
        "mailId": ids.encode("mail", told.mail_id),
        "deliveryId": None if told.delivery_id is None else ids.encode("dlv", told.delivery_id),
        "emailId": references.email_id,
        "clientEnvId": references.client_env_id,
        "projectId": references.project_id,
        "closureId": references.closure_id,
        "tags": list(told.tags),
        "state": told.state,
        "attempt": told.facts.get("attempt"),
        "detail": (told.words if is_open else None) or _sentence(told),
    }
    if is_open:
        recipient = told.recipient
        data["recipient"] = recipient and {
            "email": recipient.email, "name": recipient.name, "company": recipient.company,
            "emailRecipientId": recipient.email_recipient_id,
        }  # fmt: skip
    return data


def _of_suppression(told: ToldOfSuppression, *, is_open: bool) -> dict[str, Any]:
    suppression = told.suppression
    data: dict[str, Any] = {
        "eventId": str(told.position),
        "suppressionId": ids.encode("sup", suppression.id),
        "deliveryId": None if suppression.delivery is None else ids.encode("dlv", suppression.delivery),
        "reason": suppression.reason,
        "expiresAt": None if suppression.expires_at is None else rfc3339(suppression.expires_at),
        "isActive": suppression.is_active,
    }
    if is_open:
        data["recipient"] = {"email": suppression.address} if suppression.address else None
    return data


def trial_body(webhook: Webhook, asked_at: int) -> bytes:
    return _encoded(TRIAL, asked_at, {"webhookId": webhook.webhook_id, "detail": "A test; nothing happened."})


def _encoded(kind: str, at: int, data: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"type": kind, "timestamp": rfc3339(at), "data": data})


def _sentence(told: ToldOfMail) -> str | None:
    """`attempt 1, kind hard`."""
    facts = [(name, told.facts.get(name)) for name in _TOLD]
    return ", ".join(f"{name.replace('_', ' ')} {fact}" for name, fact in facts if fact is not None) or None
