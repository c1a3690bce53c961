"""All that couvert measures by itself, on one page."""

from __future__ import annotations

from collections.abc import Sequence

import couvert
from couvert.metrics.kinds import counter, gauge, histogram, tally
from couvert.metrics.outside import outside
from couvert.metrics.watched import Watched
from couvert.tallies import Measure


def measures(of: Watched) -> Sequence[Measure]:
    return [*_requests(of), *_deliveries(of), *_hand_overs(of), *outside(of), *_log(of), *_machine(of)]


def _requests(of: Watched) -> list[Measure]:
    traffic, feed, follower, limits = of.traffic, of.feed, of.follower, of.limits
    return [
        tally(
            "couvert_requests_total", "Requests by method, route and class of status.", traffic.requests,
            "method", "route", "status",
        ),
        Measure(
            "couvert_accept_seconds", "histogram", "From a request's arrival until its mail was committed.", ("api",),
            lambda: [(("v1",), traffic.v1_accepted), (("v2",), traffic.v2_accepted)],
        ),
        tally(
            "couvert_rate_limited_total", "Requests answered 429, by the door they came to.", traffic.rate_limited,
            "door",
        ),
        counter(
            "couvert_limit_failures_total", "Times that requests could not be counted, and were let pass.",
            lambda: limits.failures,
        ),
        gauge(
            "couvert_waiting_requests", "Requests that wait for an event (If-Event-Reached).", lambda: follower.waiting
        ),
        gauge("couvert_event_streams", "Event streams that are open.", lambda: feed.streams),
    ]  # fmt: skip


def _deliveries(of: Watched) -> list[Measure]:
    readings, courier = of.readings, of.courier
    return [
        Measure(
            "couvert_deliveries", "gauge", "Deliveries by state, as the read models have them.", ("state",),
            lambda: [((state.value,), count) for state, count in readings.deliveries.items()],
        ),
        gauge(
            "couvert_oldest_due_seconds", "For how long the oldest delivery has been due that is in no hand.",
            lambda: readings.oldest_due_seconds,
        ),
        gauge(
            "couvert_leases_held", "Deliveries that this process has taken and not put down.",
            lambda: courier.leases_held,
        ),
        gauge(
            "couvert_message_bytes", "Bytes of messages that are built and not yet handed over.",
            lambda: courier.load.carried,
        ),
    ]  # fmt: skip


def _hand_overs(of: Watched) -> list[Measure]:
    courier, hand_overs = of.courier, of.courier.hand_overs
    return [
        tally(
            "couvert_attempts_total", "Attempts by how they ended.", hand_overs.outcomes, "transport", "outcome"
        ),
        Measure(
            "couvert_hand_over_seconds", "histogram", "How long the provider took for one message.", ("transport",),
            lambda: [((hand_overs.transport,), hand_overs.seconds)],
        ),
        Measure(
            "couvert_held_senders", "gauge", "Senders that the provider does not take mail of; theirs waits.",
            ("transport",), lambda: [((hand_overs.transport,), float(courier.passage.senders.held))],
        ),
        Measure(
            "couvert_gate_open", "gauge", "1 while hand-overs go on, 0 while all of them wait for the provider.",
            ("transport",), lambda: [((hand_overs.transport,), float(courier.trouble is None))],
        ),
    ]  # fmt: skip


def _log(of: Watched) -> list[Measure]:
    commits, readings, follower = of.store.committed, of.readings, of.follower
    return [
        histogram("couvert_commit_seconds", "How long a group's commit took, synced.", commits.seconds),
        histogram("couvert_commit_items", "Changes that shared a commit.", commits.items),
        counter(
            "couvert_commit_failures_total", "Changes that the database could not take.", lambda: commits.unavailable
        ),
        gauge("couvert_log_position", "Position of the log's last event.", lambda: readings.position),
        gauge("couvert_projection_position", "How far the read models follow the log.", lambda: follower.reached),
        gauge(
            "couvert_projection_lag_events", "Events of the log that the read models have not passed.",
            lambda: max(0, readings.position - follower.reached),
        ),
    ]  # fmt: skip


def _machine(of: Watched) -> list[Measure]:
    readings = of.readings
    return [
        Measure(
            "couvert_file_bytes", "gauge", "Size of the database's files.", ("file",),
            lambda: [((name,), size) for name, size in readings.file_bytes.items()],
        ),
        gauge("couvert_disk_free_bytes", "Room left under the data directory.", lambda: readings.free_bytes),
        Measure(
            "couvert_version", "gauge", "Always 1; the label says which couvert runs.", ("version",),
            lambda: [((couvert.__version__,), 1)],
        ),
    ]  # fmt: skip
