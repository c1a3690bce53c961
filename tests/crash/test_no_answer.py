"""A relay takes the whole message and breaks the connection instead of answering: nobody can tell what became of it."""

import pytest

from couvert.domain.delivery import State

pytestmark = [pytest.mark.crash, pytest.mark.slow]

CHARLIE = "bulk.0@example.com"


@pytest.mark.parametrize(
    ("policy", "story"),
    [
        ("hold", ["begun", "unknown"]),
        ("resend", ["begun", "unknown", "requeued", "begun", "sent"]),
        ("resend", ["begun", "unknown", "requeued", "begun", "unknown"]),
    ],
)
def test_it_is_held_or_sent_once_more_and_then_held(policy, story, start, ledger, relay):
    relay.drops[CHARLIE] = story.count("unknown")

    start("--bulk", "3", unknown_policy=policy).await_step("accepted", 3)
    ledger.await_ends()

    assert ledger.story(CHARLIE) == story
    assert CHARLIE in ledger.in_state(State(story[-1]))
    assert len(ledger.in_state(State.SENT) - {CHARLIE}) == 2
    assert relay.copies[CHARLIE] == story.count("begun")
    assert ledger.faults() == []
