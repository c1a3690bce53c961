"""What a webhook is sent: the event as JSON, without anything personal unless it asked for the recipient."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from couvert.domain import ids
from couvert.domain.times import rfc3339
from couvert.domain.webhook import Webhook
from couvert.readmodels.webhooks.source import Told

TRIAL: Final = "webhook.test"
_TOLD: Final = ("attempt", "provider_id", "cause", "kind", "by", "reason")
"""What is said of the event in words if the provider's own may not be."""


def body_of(webhook: Webhook, told: Told) -> bytes:
    references, is_open = told.references, webhook.terms.includes_recipient
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
    return _encoded(told.type, told.at, data)


def trial_body(webhook: Webhook, asked_at: int) -> bytes:
    return _encoded(TRIAL, asked_at, {"webhookId": webhook.webhook_id, "detail": "A test; nothing happened."})


def _encoded(kind: str, at: int, data: dict[str, Any]) -> bytes:
    return msgspec.json.encode({"type": kind, "timestamp": rfc3339(at), "data": data})


def _sentence(told: Told) -> str | None:
    """`attempt 1, kind hard`."""
    facts = [(name, told.facts.get(name)) for name in _TOLD]
    return ", ".join(f"{name.replace('_', ' ')} {fact}" for name, fact in facts if fact is not None) or None
