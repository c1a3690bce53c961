"""The table of SES's errors: what each means for the message, and for all others."""

import json

import pytest

from couvert.delivery.transport import Held, Refused, Taken, Throttled, TryLater, Unknown
from couvert.delivery.transports.ses.classify import outcome
from couvert.delivery.transports.ses.reply import Reply
from tests.delivery.smtp.handing import mail

NOT_VERIFIED = "Email address is not verified. The following identities failed the check in region EU-CENTRAL-1: "


def reply(status: int, kind: str = "", words: str = "", **headers: str) -> Reply:
    typed = {"x-amzn-errortype": kind} if kind else {}
    return Reply(status, typed | headers, json.dumps({"message": words}).encode())


@pytest.mark.parametrize(
    ("said", "meaning"),
    [
        (reply(429, "TooManyRequestsException", "Maximum sending rate exceeded."), Throttled),
        (reply(400, "ThrottlingException", "Rate exceeded"), Throttled),
        (reply(400, "LimitExceededException", "Maximum sending rate exceeded."), Throttled),
        (reply(503), Throttled),
        (reply(503, "ServiceUnavailableException"), Throttled),
        (reply(429), Throttled),
        (reply(429, "TooManyRequestsException", "Daily message quota exceeded."), Held),
        (reply(400, "LimitExceededException", "Daily message quota exceeded."), Held),
        (reply(400, "ThrottlingException", "Daily sending quota exceeded"), Held),
        (reply(400, "AccountSuspendedException"), Held),
        (reply(400, "SendingPausedException"), Held),
        (reply(400, "MailFromDomainNotVerifiedException"), Held),
        (reply(404, "NotFoundException", "Configuration set <news> does not exist."), Held),
        (reply(400, "MessageRejected", NOT_VERIFIED + "shop@example.com"), Held),
        (reply(400, "MessageRejected", "Email address is not verified."), Held),
        (reply(403, "ExpiredTokenException"), Held),
        (reply(403, "InvalidSignatureException"), Held),
        (reply(403), Held),
        (reply(404), Held),
        (reply(302), Held),
        (reply(400, "MessageRejected", NOT_VERIFIED + "charlie@example.org, Shop <Shop@example.com>"), Held),
        (reply(400, "MessageRejected", NOT_VERIFIED + "charlie@example.org"), Refused),
        (reply(400, "MessageRejected", NOT_VERIFIED + "workshop@example.com"), Refused),
        (reply(400, "MessageRejected", "Address is on the suppression list"), Refused),
        (reply(400, "BadRequestException", "Missing final '@domain'"), Refused),
        (reply(413), Refused),
        (reply(400, "SomethingNewException"), Refused),
        (reply(408), TryLater),
        (reply(500, "InternalFailure"), Unknown),
        (reply(502), Unknown),
        (reply(504), Unknown),
        (reply(507, "MessageRejected"), Unknown),
        (reply(200), Unknown),
        (Reply(200, {}, b'["no object"]'), Unknown),
        (Reply(200, {}, b'{"MessageId": "0100-1"'), Unknown),
        (Reply(200, {}, b'{"MessageId": "0100-1"}'), Taken),
    ],
)
def test_each_answer_has_its_meaning(said, meaning):
    assert type(outcome(said, mail())) is meaning


def test_a_reason_has_the_status_the_type_and_the_words():
    told = outcome(reply(400, "MessageRejected", "No."), mail())
    assert told == Refused("400 MessageRejected: No.")


def test_the_type_is_read_wherever_amazon_writes_it():
    said = Reply(400, {}, b'{"__type": "com.amazonaws.ses#SendingPausedException", "Message": "Paused."}')
    assert outcome(said, mail()) == Held("400 SendingPausedException: Paused.")
    said = reply(400, "SendingPausedException:http://internal.amazon.com/coral/com.amazonaws.ses/")
    assert outcome(said, mail()) == Held("400 SendingPausedException:")


def test_a_body_of_any_shape_takes_nothing_from_what_the_head_says():
    deep = b"[" * 200_000
    assert outcome(Reply(400, {"x-amzn-errortype": "MessageRejected"}, deep), mail()) == Refused("400 MessageRejected:")
    assert type(outcome(Reply(429, {}, deep), mail())) is Throttled
    assert type(outcome(Reply(200, {}, deep), mail())) is Unknown


def test_a_pause_that_is_asked_for_is_passed_on():
    assert outcome(reply(503, **{"retry-after": "7"}), mail()) == Throttled("503", 7.0)
    assert outcome(reply(503, **{"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}), mail()) == Throttled("503", None)


@pytest.mark.parametrize(
    "said",
    [
        reply(400, "MailFromDomainNotVerifiedException"),
        reply(400, "MessageRejected", NOT_VERIFIED + "shop@example.com"),
        reply(400, "MessageRejected", "Email address is not verified."),
    ],
)
def test_a_sender_that_is_not_verified_is_told_apart_from_what_holds_up_everybody(said):
    of_sender, of_all = outcome(said, mail()), outcome(reply(400, "SendingPausedException"), mail())

    assert isinstance(of_sender, Held)
    assert isinstance(of_all, Held)
    assert (of_sender.is_of_sender, of_all.is_of_sender) == (True, False)


@pytest.mark.parametrize(("kind", "words"), [("BadRequestException", "x" * 3_000_000), ("x" * 3_000_000, "No.")])
def test_what_ses_says_is_kept_up_to_a_length(kind, words):
    said = outcome(reply(400, kind, words), mail())

    assert isinstance(said, Refused)
    assert len(said.reason) < 2_100
