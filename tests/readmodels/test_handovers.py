"""Which histories prove that nothing was handed over twice without a decision, and which prove that it was."""

import pytest

from couvert.domain.delivery_events import (
    Begun,
    Bounced,
    Cancelled,
    Complained,
    Deferred,
    Delivered,
    Expired,
    Failed,
    OutcomeUnknown,
    Released,
    Requeued,
    ResolvedAsSent,
    Sent,
)
from couvert.readmodels.audit.handovers import HandOvers

SENT, SENT_LATER = Sent(1, "x"), Sent(2, "x")
RESEND = Requeued(0, "policy")

SOUND = {
    "taken at once": [Begun(1), SENT, Delivered(1), Complained(1)],
    "taken after a deferral": [Begun(1), Deferred(1, 0), Begun(2), SENT_LATER],
    "withheld, then taken": [Begun(1), Released(1, 0), Begun(2), SENT_LATER],
    "unknown, then told": [Begun(1), OutcomeUnknown(1), SENT],
    "unknown, and then the provider had said later": [
        Begun(1),
        OutcomeUnknown(1),
        Deferred(1, 0),
        Begun(2),
        SENT_LATER,
    ],
    "unknown, sent again by decision": [Begun(1), OutcomeUnknown(1), RESEND, Begun(2), SENT_LATER],
    "both taken, the first heard of late": [Begun(1), OutcomeUnknown(1), RESEND, Begun(2), SENT, SENT_LATER],
    "refused late, while sent again": [Begun(1), OutcomeUnknown(1), RESEND, Begun(2), Failed(1, "refused"), SENT_LATER],
    "failed, tried again by decision": [Begun(1), Failed(1, "refused"), Requeued(0, "operator"), Begun(2), SENT_LATER],
    "nobody took it in time": [Begun(1), Deferred(1, 0), Failed(1, "not_taken_in_time")],
    "never tried in time": [Failed(0, "not_taken_in_time")],
    "nothing to send": [Failed(0, "unsendable")],
    "nothing to send any more": [Begun(1), Deferred(1, 0), Failed(1, "unsendable")],
    "never tried before it expired": [Expired()],
    "stopped before it was tried": [Cancelled()],
    "stopped after a deferral": [Begun(1), Deferred(1, 0), Cancelled()],
    "declared sent, and so it was": [Begun(1), OutcomeUnknown(1), ResolvedAsSent(1), SENT, Delivered(1)],
    "bounced before its outcome was known here": [Begun(1), Bounced(1, "hard"), SENT],
}
UNSOUND = {
    "undecided": ([Begun(1), Begun(2)], "began attempt 2 although nobody had decided attempt 1"),
    "unknown": ([Begun(1), OutcomeUnknown(1), Begun(2)], "began attempt 2 although nobody had decided attempt 1"),
    "taken": ([Begun(1), SENT, Begun(2)], "began attempt 2 although it had ended"),
    "told by a notice": ([Begun(1), Delivered(1), Released(1, 0), Begun(2)], "began attempt 2 although it had ended"),
    "refused": ([Begun(1), Failed(1, "refused"), Begun(2)], "began attempt 2 although it had ended"),
    "nothing to send": ([Failed(0, "unsendable"), Begun(1)], "began attempt 1 although it had ended"),
    "given up": ([Failed(0, "not_taken_in_time"), Begun(1)], "began attempt 1 although it had ended"),
    "expired": ([Expired(), Begun(1)], "began attempt 1 although it had ended"),
    "cancelled": ([Cancelled(), Begun(1)], "began attempt 1 although it had ended"),
    "cancelled under way": ([Begun(1), Cancelled()], "was cancelled while an attempt was undecided"),
    "declared sent": ([Begun(1), ResolvedAsSent(1), Begun(2)], "began attempt 2 although it had ended"),
    "declared sent out of nothing": ([ResolvedAsSent(1)], "has an outcome of attempt 1, which was never begun"),
    "an older attempt's word": (
        [Begun(1), OutcomeUnknown(1), RESEND, Begun(2), Deferred(1, 0), Begun(3)],
        "began attempt 3 although nobody had decided attempt 2",
    ),
    "decided twice": ([Begun(1), Deferred(1, 0), SENT], "has two outcomes of attempt 1"),
    "out of nothing": ([SENT], "has an outcome of attempt 1, which was never begun"),
    "a notice out of nothing": ([Begun(1), Delivered(2)], "has an outcome of attempt 2, which was never begun"),
    "an attempt left out": ([Begun(2)], "began attempt 2 after attempt 0"),
    "an attempt told twice": ([Begun(1), Released(1, 0), Begun(1)], "began attempt 1 after attempt 1"),
}


@pytest.mark.parametrize("history", SOUND.values(), ids=SOUND)
def test_decided_hand_overs_are_sound(history):
    assert faults(history) == []


@pytest.mark.parametrize(("history", "fault"), UNSOUND.values(), ids=UNSOUND)
def test_a_hand_over_without_a_decision_is_told(history, fault):
    assert faults(history) == [fault]


def faults(history):
    hand_overs = HandOvers()
    return [fault for fault in map(hand_overs.fault, history) if fault is not None]
