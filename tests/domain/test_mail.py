"""Acceptance: one event, and from it every delivery with its place in the queue and its end in sight."""

import pytest
from hypothesis import given, strategies as st

from couvert.domain.delivery import State
from couvert.domain.mail import BULK, TRANSACTIONAL, AcceptMail, Recipient, Sender, accept, born

NOW = 1_800_000_000_000
DAY = 24 * 3_600_000
CHARLIE = Recipient("charlie@example.org")


def mail(recipients: int = 1, due_at: int | None = None, expires_at: int | None = None) -> AcceptMail:
    everybody = (CHARLIE,) * recipients
    return AcceptMail(Sender("alice@example.com"), everybody, "Hello", text="Hi", due_at=due_at, expires_at=expires_at)


@pytest.mark.parametrize(("recipients", "priority"), [(1, TRANSACTIONAL), (2, BULK), (10_000, BULK)])
def test_somebody_who_waits_goes_before_many(recipients, priority):
    event = accept(mail(recipients), now=NOW, key_id=None)

    assert (event.count, event.priority) == (recipients, priority)
    assert TRANSACTIONAL < BULK


@given(st.none() | st.integers(0, NOW + 30 * DAY))
def test_a_mail_is_due_when_asked_and_never_before_now_and_has_a_day_from_there(due_at):
    event = accept(mail(due_at=due_at), now=NOW, key_id=None)

    assert event.due_at == max(due_at or NOW, NOW)
    assert event.give_up_at == event.due_at + DAY


def test_the_event_says_who_asked_and_until_when():
    event = accept(mail(expires_at=NOW + 5), now=NOW, key_id=7)

    assert (event.key_id, event.expires_at) == (7, NOW + 5)


@given(st.integers(1, 10_000))
def test_every_recipient_has_a_delivery_that_waits(n):
    event = accept(mail(10_000, expires_at=NOW + 5), now=NOW, key_id=None)

    delivery = born(1_000_000, n, event)

    assert (delivery.id, delivery.mail_id) == (1_000_000 + n, 1_000_000)
    assert (delivery.state, delivery.attempt, delivery.is_begun) == (State.QUEUED, 0, False)
    assert (delivery.due_at, delivery.expires_at, delivery.give_up_at) == (NOW, NOW + 5, NOW + DAY)
    assert delivery.priority == BULK
