"""Whole lives of a delivery: workers that die, answer late or twice, notices that overtake them, a clock that runs.

What must hold all along: never a second hand-over without a decision, never a state that is left without a reason,
and always an end.
"""

from typing import Literal

from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from couvert.domain import delivery as rules, intervention
from couvert.domain.delivery import State, UnknownPolicy, evolve
from couvert.domain.delivery_events import (
    Begun,
    Complained,
    Deferred,
    Delivered,
    DeliveryEvent,
    Failed,
    OutcomeUnknown,
    Released,
    Requeued,
    ResolvedAsSent,
    Sent,
)
from tests.domain.deliveries import BY_NOTICE, DAY, NOW, waiting

chances = st.floats(0, 1, exclude_max=True)
delays = st.sampled_from([0, 30_000, DAY // 24, DAY // 4])
ENDED = {*BY_NOTICE, State.FAILED, State.EXPIRED, State.CANCELLED}


class Life(RuleBasedStateMachine):
    @initialize(policy=st.sampled_from(["resend", "hold"]), expires_in=st.sampled_from([None, DAY // 24, 2 * DAY]))
    def accept(self, policy: UnknownPolicy, expires_in: int | None):
        self.now = NOW
        self.policy = policy
        self.delivery = waiting(expires_at=expires_in and NOW + expires_in)
        self.log: list[DeliveryEvent] = []
        self.unreported: set[int] = set()
        """Attempts whose worker, alive or not, has not said how they ended."""

    def happens(self, *events: DeliveryEvent) -> None:
        for event in events:
            self.delivery = evolve(self.delivery, event)
            self.log.append(event)

    def has(self, kind: type[DeliveryEvent]) -> bool:
        return any(isinstance(event, kind) for event in self.log)

    @property
    def is_waiting(self) -> bool:
        return self.delivery.state is State.QUEUED and not self.delivery.is_begun

    # --- What may happen, in any order --------------------------------------------------------------------------------

    @precondition(lambda self: self.is_waiting)
    @rule(late_ms=delays)
    def a_worker_takes_it_up(self, late_ms: int):
        self.now = max(self.now, self.delivery.due_at or 0) + late_ms
        event = rules.begin(self.delivery, self.now)
        assert event is not None
        if isinstance(event, Begun):
            assert self.now < min(self.delivery.give_up_at, self.delivery.expires_at or self.now + 1)
            assert event not in self.log
            assert all(self.is_decided(attempt) for attempt in range(1, event.attempt))
            assert not any(isinstance(each, Sent | Delivered | Complained | ResolvedAsSent) for each in self.log)
            self.unreported.add(event.attempt)
        self.happens(event)

    def is_decided(self, attempt: int) -> bool:
        """Nothing of it was taken, or somebody decided to send again although it may have been."""
        nothing_taken = any(
            isinstance(each, Released | Deferred | Failed) and each.attempt == attempt for each in self.log
        )
        return nothing_taken or (OutcomeUnknown(attempt) in self.log and self.has(Requeued))

    @precondition(lambda self: self.delivery.is_begun)
    @rule(late_ms=delays)
    def the_lease_runs_out(self, late_ms: int):
        self.now += late_ms
        self.happens(*rules.lose(self.delivery, self.delivery.attempt, self.now, self.policy))

    @precondition(lambda self: self.unreported)
    @rule(draw=st.data(), how=st.sampled_from(["sent", "refused", "later", "unknown", "withheld"]), chance=chances)
    def a_worker_reports(
        self, draw: st.DataObject, how: Literal["sent", "refused", "later", "unknown", "withheld"], chance: float
    ):
        attempt = draw.draw(st.sampled_from(sorted(self.unreported)))
        self.unreported.remove(attempt)
        before = self.delivery
        match how:
            case "sent":
                self.happens(Sent(attempt, "id"))
                assert self.delivery.state in BY_NOTICE
            case "refused":
                self.happens(Failed(attempt, "refused"))
            case "later":
                self.happens(rules.defer(self.delivery, attempt, self.now, None, chance))
            case "unknown":
                self.happens(*rules.lose(self.delivery, attempt, self.now, self.policy))
            case "withheld":
                self.happens(Released(attempt, self.now))
        if attempt == before.attempt:
            assert not self.delivery.is_begun
        elif how != "sent":
            assert self.delivery == before

    @precondition(lambda self: self.delivery.attempt)
    @rule(draw=st.data(), kind=st.sampled_from([Delivered, Complained]))
    def the_provider_gives_notice(self, draw: st.DataObject, kind: type[Delivered | Complained]):
        self.happens(kind(draw.draw(st.integers(1, self.delivery.attempt))))

    @rule()
    def somebody_cancels_it(self):
        event = intervention.cancel(self.delivery)
        assert (event is not None) == self.is_waiting
        if event is not None:
            self.happens(event)

    @rule(unknown=st.sampled_from([None, "resend", "sent"]))
    def somebody_tries_it_again(self, unknown: intervention.UnknownDecision | None):
        event = intervention.try_again(self.delivery, self.now, unknown)
        if event is not None:
            assert self.delivery.state in {State.FAILED, State.UNKNOWN}
            self.happens(event)

    @precondition(lambda self: not self.is_waiting)
    @rule(ms=delays)
    def nothing_is_heard(self, ms: int):
        self.now += ms

    # --- What holds all along -----------------------------------------------------------------------------------------

    @invariant()
    def it_is_due_exactly_while_it_waits(self):
        assert (self.delivery.due_at is not None) == self.is_waiting

    @invariant()
    def it_is_sent_again_by_policy_once_at_most(self):
        allowed = 1 if self.policy == "resend" else 0
        assert sum(isinstance(event, Requeued) and event.by == "policy" for event in self.log) <= allowed

    @invariant()
    def whoever_was_told_that_it_was_taken_was_told_the_truth(self):
        taken = any(isinstance(event, Sent | Delivered | Complained | ResolvedAsSent) for event in self.log)
        assert (self.delivery.state in BY_NOTICE) == taken

    @invariant()
    def it_has_failed_only_if_its_last_attempt_was_refused_or_its_day_was_over(self):
        if self.delivery.state is State.FAILED:
            assert any(isinstance(event, Failed) and event.attempt == self.delivery.attempt for event in self.log)

    @invariant()
    def it_is_unknown_only_if_its_last_attempt_is(self):
        if self.delivery.state is State.UNKNOWN:
            assert OutcomeUnknown(self.delivery.attempt) in self.log

    def teardown(self):
        """Whatever happened: left to patient workers and a provider that always says *later*, it comes to an end."""
        if not hasattr(self, "delivery"):
            return
        steps = 0
        while self.delivery.is_begun or self.delivery.state is State.QUEUED:
            steps += 1
            assert steps < 200, "it never ends"
            if self.is_waiting:
                self.a_worker_takes_it_up(late_ms=0)
            else:
                self.happens(rules.defer(self.delivery, self.delivery.attempt, self.now, None, 0.5))
        assert self.delivery.state in ENDED | {State.UNKNOWN}


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=2 * settings().max_examples, stateful_step_count=20)
