"""What a batch of events makes of a mail and its deliveries."""

import pytest

from couvert.domain.delivery import State
from couvert.domain.delivery_events import (
    Begun,
    Bounced,
    Deferred,
    Delivered,
    Failed,
    OutcomeUnknown,
    Released,
    Requeued,
    Sent,
)
from couvert.domain.mail import MailAccepted
from couvert.readmodels.folds import Status, accepted_mail, born_delivery, counted, followed

ACCEPTED = MailAccepted(count=3, priority=1, due_at=1_000, give_up_at=90_000)
MAIL = accepted_mail(100, ACCEPTED, at=900, position=5)
BORN = born_delivery(MAIL, 2)


def after(*events):
    """Recipient 2's delivery after these, the first at position 11 and time 1001, the next at 12 and 1002."""
    return followed(BORN, [(10 + n, 1_000 + n, event) for n, event in enumerate(events, 1)])


def test_it_is_queued_since_its_mail_was_accepted():
    assert after(Begun(1)).queued_at == 900


def test_or_since_somebody_decided_to_send_it_again():
    assert after(Begun(1), OutcomeUnknown(1), Requeued(5_000, "operator")).queued_at == 1_003


def test_when_the_provider_took_it_and_under_which_name():
    taken = after(Begun(1), Sent(1, "x-1"), Delivered(1))

    assert (taken.sent_at, taken.provider_message_id, taken.position) == (1_002, "x-1", 13)


@pytest.mark.parametrize("trouble", [Deferred(1, 5_000), Failed(1, "refused"), OutcomeUnknown(1), Bounced(1, "hard")])
def test_the_last_trouble_is_where_its_words_are(trouble):
    assert after(Begun(1), trouble).error_position == 12


@pytest.mark.parametrize("event", [Sent(1, "x"), Released(1, 5_000), Delivered(1)])
def test_other_events_have_no_words_of_trouble(event):
    assert after(Begun(1), event).error_position is None


def test_what_ended_with_nothing_sent_was_no_attempt():
    story = Begun(1), Released(1, 5_000), Begun(2), Deferred(2, 5_000), Begun(3), Released(3, 5_000), Begun(4)

    assert after(*story).attempts == 2
    assert after(*story).delivery.attempt == 4, "every number is used once"


def test_running_out_of_time_in_the_queue_leaves_the_words_of_the_last_deferral():
    assert after(Begun(1), Deferred(1, 5_000), Failed(1, "not_taken_in_time")).error_position == 12


def test_running_out_of_time_by_an_answer_has_words_of_its_own():
    assert after(Begun(1), Failed(1, "not_taken_in_time")).error_position == 12


@pytest.mark.parametrize(
    ("states", "status"),
    [
        ((State.SENT, State.FAILED, State.QUEUED), Status.QUEUED),
        ((State.SENT, State.FAILED, State.UNKNOWN), Status.DONE),
        ((State.CANCELLED, State.CANCELLED, State.SENT), Status.DONE),
        ((State.CANCELLED, State.CANCELLED, State.CANCELLED), Status.CANCELLED),
    ],
)
def test_the_status_of_a_mail_follows_from_its_counts(states, status):
    moves = [(BORN, BORN._replace(delivery=BORN.delivery._replace(state=state))) for state in states]

    mail = counted(MAIL, moves)

    assert mail.status is status
    assert sum(mail.counts.values()) == 3


def test_a_mail_stands_at_the_last_event_of_any_of_its_deliveries():
    assert counted(MAIL, [(BORN, after(Begun(1), Sent(1, "x")))]).position == 12
    assert counted(MAIL, []).position == 5
