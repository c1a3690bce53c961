"""Whose outcomes are told, and which events are an outcome."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.delivery import State
from couvert.domain.mail import AcceptMail, Recipient, Sender, accept
from couvert.domain.results import TAKEN, has_results, is_result

states = st.sampled_from(State)


@pytest.mark.parametrize(
    ("recipients", "is_bulk", "key_id", "is_told"),
    [
        (1, True, None, True),  # came as a message
        (3, False, 7, True),  # /v1, several recipients
        (1, False, 7, False),  # /v1, whose client was told
        (1, False, None, False),  # /v2, the command line
        (3, False, None, False),
    ],
)
def test_bulk_of_v1_has_results_by_whichever_door_it_came(recipients, is_bulk, key_id, is_told):
    people = tuple(Recipient(f"{n}@example.org") for n in range(recipients))
    mail = AcceptMail(Sender("shop@example.com"), people, "Hello", html="<p>", is_bulk=is_bulk)

    assert has_results(accept(mail, now=0, key_id=key_id)) is is_told


@given(before=states, after=states)
def test_an_outcome_is_told_whenever_it_is_another_one(before, after):
    same = before is after or {before, after} <= TAKEN

    assert is_result(before, after) is (after is not State.QUEUED and not same)
