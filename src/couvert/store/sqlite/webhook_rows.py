"""A webhook as SQLite holds it, and back."""

from __future__ import annotations

import msgspec

from couvert.domain.webhook import Secrets, Terms, Webhook
from couvert.store.rows import StoredWebhook
from couvert.store.sqlite.rows import TENANT, Row


def webhook_row(stored: StoredWebhook) -> Row:
    webhook, terms, secrets = stored.webhook, stored.webhook.terms, stored.webhook.secrets
    return (
        webhook.id, TENANT, webhook.webhook_id, webhook.created_at, webhook.is_deleted, webhook.off_reason,
        terms.is_active, terms.includes_recipient, _list(terms.types), terms.url, terms.description,
        _list(terms.tags), terms.project_id, secrets.current, secrets.former, secrets.former_until, stored.revision,
    )  # fmt: skip


def webhook_of(row: Row) -> StoredWebhook:
    (id_, _, webhook_id, created_at, is_deleted, off_reason, is_active, includes_recipient, types, url, description,
     tags, project_id, secret, former, former_until, revision) = row  # fmt: skip
    terms = Terms(
        url, description, _tuple(types), _tuple(tags), project_id, bool(includes_recipient), bool(is_active)
    )  # fmt: skip
    secrets = Secrets(secret, former, former_until)
    return StoredWebhook(
        Webhook(id_, webhook_id, created_at, bool(is_deleted), off_reason, terms, secrets), revision
    )  # fmt: skip


def _list(values: tuple[str, ...]) -> str:
    return msgspec.json.encode(values).decode()


def _tuple(text: str) -> tuple[str, ...]:
    return tuple(msgspec.json.decode(text))
