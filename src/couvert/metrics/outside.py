"""What is measured of others: the provider's pace and notices, the bulk queue, and the receivers of webhooks."""

from __future__ import annotations

from couvert.metrics.kinds import gauge, histogram, tally
from couvert.metrics.readings import Readings
from couvert.metrics.watched import Watched
from couvert.tallies import Measure


def outside(of: Watched) -> list[Measure]:
    return [*_pace(of), *_notices(of), *_queue(of), *_webhooks(of)]


def _pace(of: Watched) -> list[Measure]:
    passage, readings, name = of.courier.passage, of.readings, of.courier.hand_overs.transport
    return [
        Measure(
            "couvert_transport_held", "gauge", "1 while the provider takes nothing of ours, for a reason of its own.",
            ("transport",), lambda: [((name,), float(passage.gate.is_held or _is_held(readings)))],
        ),
        Measure(
            "couvert_pace_wait_seconds", "histogram", "How long what was next waited for a slot of the pace.", (),
            lambda: [((), pacer.waits)] if (pacer := passage.pacer) is not None else [],
        ),
        Measure(
            "couvert_pace_recipients_per_second", "gauge", "What all processes together hand over at most.", (),
            lambda: [((), readings.rate)] if readings.pace is not None else [],
        ),
        Measure(
            "couvert_pace_quota_left", "gauge", "Recipients that the day's quota still allows, as last learned.", (),
            lambda: [((), left)] if readings.pace and (left := readings.pace.pace.left) is not None else [],
        ),
    ]  # fmt: skip


def _is_held(readings: Readings) -> bool:
    """By what any process has found out, or since the day's quota is used up."""
    stored = readings.pace
    return stored is not None and (stored.held is not None or stored.pace.left == 0)


def _notices(of: Watched) -> list[Measure]:
    readings, notices = of.readings, of.notices
    return [
        tally(
            "couvert_notices_read_total", "Notices read, by the door they came to and what came of it.",
            notices.results, "source", "result",
        ),
        histogram(
            "couvert_notice_lag_seconds", "From what happened at the provider, by its clock, until its notice came.",
            notices.lag_seconds,
        ),
        histogram(
            "couvert_notice_read_seconds", "From when a notice came until it was read.", notices.wait_seconds
        ),
        gauge(
            "couvert_unread_notices", "Notices that wait to be read, counted up to 100,000.",
            lambda: readings.unread_notices,
        ),
        gauge(
            "couvert_oldest_unread_notice_seconds", "For how long the oldest of them has waited.",
            lambda: readings.oldest_unread_notice_seconds,
        ),
        gauge(
            "couvert_last_notice_timestamp_seconds",
            "When the last notice came, in seconds since 1970; 0 if none ever did.",
            lambda: (readings.last_notice_at or 0) / 1000,
        ),
    ]  # fmt: skip


def _queue(of: Watched) -> list[Measure]:
    return [
        tally(
            "couvert_queue_messages_total", "Messages of the bulk queue, by what became of them.", of.messages, "fate"
        ),
        tally(
            "couvert_queue_published_total", "Own recipients meant for the bulk queue, by whether they got there.",
            of.published, "outcome",
        ),
    ]  # fmt: skip


def _webhooks(of: Watched) -> list[Measure]:
    readings = of.readings
    return [
        gauge(
            "couvert_webhook_messages_waiting", "Messages that no receiver has taken yet.",
            lambda: readings.webhooks.waiting,
        ),
        gauge(
            "couvert_webhook_oldest_message_seconds", "For how long the oldest of them has waited.",
            lambda: readings.oldest_webhook_message_seconds,
        ),
        gauge(
            "couvert_webhook_messages_dropped", "Messages given up because their webhook was too far behind.",
            lambda: readings.webhooks.dropped,
        ),
        gauge("couvert_webhook_position", "How far webhooks follow the log.", lambda: readings.webhooks_mark),
        gauge("couvert_result_position", "How far the result queue is told of the log.", lambda: readings.results_mark),
    ]  # fmt: skip
