"""No second hand-over without a decision: judged from a delivery's events alone, not by the rules that made them."""

from __future__ import annotations

from typing import assert_never

from couvert.domain.delivery_events import (
    Begun,
    Bounced,
    Cancelled,
    Complained,
    Confirmed,
    Deferred,
    Delayed,
    Delivered,
    DeliveryEvent,
    Expired,
    Failed,
    OutcomeUnknown,
    Released,
    Requeued,
    ResolvedAsSent,
    Sent,
    Suppressed,
)


class HandOvers:
    """What is known, event by event, of the attempts of one delivery."""

    def __init__(self) -> None:
        self._attempt = 0
        self._is_undecided = False
        """The last attempt may have sent it, and nobody has said otherwise or decided to send again."""
        self._has_ended = False
        """It was sent, given up, stopped or expired, and nobody has decided to send again."""
        self._decided: set[int] = set()

    def fault(self, event: DeliveryEvent) -> str | None:
        """What must not have happened, as the end of a sentence about the delivery; None if all is well."""
        match event:
            case Begun(attempt):
                return self._begun(attempt)
            case Requeued():
                self._is_undecided = self._has_ended = False
                return None
            case Expired():
                self._has_ended = True
                return None
            case Cancelled():
                was_undecided, self._has_ended = self._is_undecided, True
                return "was cancelled while an attempt was undecided" if was_undecided else None
            case Suppressed():
                was_undecided, self._has_ended = self._is_undecided, True
                return "was suppressed while an attempt was undecided" if was_undecided else None
            case Failed(_, "not_taken_in_time" | "unsendable") if not self._is_undecided:
                self._has_ended = True  # it ended in the queue: no attempt ended so
                return None
            case Released(attempt) | Deferred(attempt):
                self._is_undecided = self._is_undecided and attempt != self._attempt
                return self._outcome(attempt)
            case Failed(attempt):
                self._has_ended = self._has_ended or attempt == self._attempt
                return self._outcome(attempt)
            case Sent(attempt):
                self._has_ended = True
                return self._outcome(attempt)
            case Delivered(attempt) | Bounced(attempt) | Complained(attempt):
                self._has_ended = True
                return self._heard_of(attempt)
            case ResolvedAsSent(attempt) | Confirmed(attempt) | Delayed(attempt):
                self._has_ended = True
                return self._heard_of(attempt)
            case OutcomeUnknown(attempt):
                return self._heard_of(attempt)
            case _:
                assert_never(event)

    def _begun(self, attempt: int) -> str | None:
        before, self._attempt = self._attempt, attempt
        was_undecided, self._is_undecided = self._is_undecided, True
        if attempt != before + 1:
            return f"began attempt {attempt} after attempt {before}"
        if self._has_ended:
            return f"began attempt {attempt} although it had ended"
        if was_undecided:
            return f"began attempt {attempt} although nobody had decided attempt {before}"
        return None

    def _outcome(self, attempt: int) -> str | None:
        if attempt in self._decided:
            return f"has two outcomes of attempt {attempt}"
        self._decided.add(attempt)
        return self._heard_of(attempt)

    def _heard_of(self, attempt: int) -> str | None:
        if 1 <= attempt <= self._attempt:
            return None
        return f"has an outcome of attempt {attempt}, which was never begun"
