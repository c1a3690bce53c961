"""Puts the parts together: the only place that picks implementations."""

from couvert.wiring.at_work import (
    bulk_at_work,
    dead_letters_of,
    notice_queue_of,
    notices_at_work,
    results_at_work,
    results_of,
    running,
)
from couvert.wiring.clocks import now_ms, now_us
from couvert.wiring.directory import has_data, open_store
from couvert.wiring.links import invitation, shown_url
from couvert.wiring.parts import SWITCH_SECONDS, Parts, open_parts
from couvert.wiring.provider_memory import forgotten, kind_of, last_provider, refuse_forgotten, remember_provider
from couvert.wiring.providers import provider_of
from couvert.wiring.queues import queue_of
from couvert.wiring.serve_lock import ServeLock
from couvert.wiring.webhooks import tell_webhooks

__all__ = [
    "SWITCH_SECONDS",
    "Parts",
    "ServeLock",
    "bulk_at_work",
    "dead_letters_of",
    "forgotten",
    "has_data",
    "invitation",
    "kind_of",
    "last_provider",
    "notice_queue_of",
    "notices_at_work",
    "now_ms",
    "now_us",
    "open_parts",
    "open_store",
    "provider_of",
    "queue_of",
    "refuse_forgotten",
    "remember_provider",
    "results_at_work",
    "results_of",
    "running",
    "shown_url",
    "tell_webhooks",
]
