"""A relay takes the whole message and breaks the connection instead of answering: nobody can tell what became of it."""

import pytest

from couvert.domain.delivery import State
from tests.crash.ledger import audit

pytestmark = [pytest.mark.crash, pytest.mark.slow]

CHARLIE = "bulk.0@example.com"
UNKNOWN, SENT = State.UNKNOWN, State.SENT


@pytest.mark.parametrize(
    ("policy", "drops", "story", "state"),
    [
        ("hold", 1, ["begun", "unknown"], UNKNOWN),
        ("resend", 1, ["begun", "unknown", "requeued", "begun", "sent"], SENT),
        ("resend", 2, ["begun", "unknown", "requeued", "begun", "unknown"], UNKNOWN),
    ],
)
def test_it_is_held_or_sent_once_more_and_then_held(policy, drops, story, state, start, ledger, relay, directory):
    relay.drops[CHARLIE] = drops

    start("--bulk", "3", unknown_policy=policy).await_step("accepted", 3)
    ledger.await_ends()

    assert ledger.story(CHARLIE) == story
    assert CHARLIE in ledger.in_state(state)
    assert len(ledger.in_state(SENT) - {CHARLIE}) == 2
    assert relay.copies[CHARLIE] == story.count("begun")
    assert audit(directory).returncode == 0
