"""Webhooks: exactly one row each, which says what the log says, and no address or secret of one that was deleted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, get_args

from couvert.domain import webhook as rules
from couvert.domain.webhook import Webhook, WebhookCreated, WebhookEvent
from couvert.readmodels.audit import sentences
from couvert.readmodels.audit.ordered import Ordered
from couvert.readmodels.audit.report import AuditReport
from couvert.readmodels.audit.snapshot import WEBHOOK_COLUMNS, Snapshot
from couvert.store.log import LoggedEvent
from couvert.store.rows import StoredWebhook
from couvert.store.sqlite.webhook_rows import webhook_row

_EVENTS: Final = get_args(WebhookEvent)
_FOLDED: Final = len(WEBHOOK_COLUMNS)
_REVISION: Final = -1


class Webhooks:
    """Asked about one stream after the other, in the order of their ids."""

    def __init__(self, log: Snapshot, report: AuditReport) -> None:
        self._fault = report.faults.add
        self._rows = Ordered(log.webhooks(), self._unknown)

    def has_checked(self, stream: int, own: Sequence[LoggedEvent]) -> bool:
        """Whether the stream is a webhook's; then its row was compared."""
        if not own or not isinstance(own[0].event, WebhookCreated):
            return False
        webhook = rules.blank(stream)
        for position, _, _, at, event in own:
            if isinstance(event, _EVENTS):
                webhook = rules.evolve(webhook, event, at)
            else:
                self._fault(f"Event {position} has no place in the history of webhook {webhook.webhook_id}.")
        self._compare(webhook)
        return True

    def finish(self) -> None:
        self._rows.finish()

    def _compare(self, webhook: Webhook) -> None:
        row, folded = self._rows.take(webhook.id), webhook_row(StoredWebhook(webhook, 0))
        if row is None:
            self._fault(f"The row of webhook {webhook.webhook_id} is lost.")
        elif different := sentences.differences(WEBHOOK_COLUMNS, row[:_FOLDED], folded[:_FOLDED]):
            self._fault(f"In the row of webhook {webhook.webhook_id}: {different}.")
        elif webhook.is_deleted and row[_FOLDED:_REVISION] != folded[_FOLDED:_REVISION]:
            self._fault(f"Webhook {webhook.webhook_id} was deleted, and its address or secret is still there.")

    def _unknown(self, id_: int) -> None:
        self._fault(f"There is a row of webhook {id_}, which was never created.")
