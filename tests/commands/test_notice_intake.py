"""Notices by Amazon SNS: signed, of topics that we know, and kept before they are answered."""

import asyncio
import json

import pytest
from structlog.testing import capture_logs

from couvert.commands.notice_intake import TakeNotices
from couvert.delivery.sns import Signatures
from couvert.domain.refusals import NotFromProvider, RuleBroken, Unavailable
from couvert.domain.sns import Untrusted
from couvert.store.notices import Result, Source
from tests.commands.ses_notices import CERTIFICATE_URL, TOPIC, Signer, envelope, ses_notice
from tests.store.changes import HOUR

NOTICE = ses_notice("Delivery", "bob@example.org", provider_id="ses-1")
CONFIRM = f"https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=abc"


class Amazon:
    """Whatever is fetched there."""

    def __init__(self, certificate: bytes) -> None:
        self.answers: dict[str, bytes | Exception] = {CERTIFICATE_URL: certificate, CONFIRM: b"<ok/>"}
        self.asked: list[str] = []
        self.is_slow = False

    async def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        await asyncio.sleep(60 if self.is_slow else 0)
        answer = self.answers.get(url, Untrusted("the address that it names answered 404"))
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(scope="module")
def signer():
    return Signer()


@pytest.fixture
def amazon(signer):
    return Amazon(signer.certificate)


@pytest.fixture
def taking(store, clock, amazon):
    return TakeNotices(store, clock, Signatures((), amazon.fetch), {TOPIC})


@pytest.mark.parametrize("version", ["1", "2"])
async def test_what_amazon_signed_is_kept_as_it_came(taking, signer, store, version):
    body = signer.signed(envelope(NOTICE), version)

    await taking.from_sns(body)

    (notice,) = await store.notices(frozenset(Result), 10)
    assert (notice.body, notice.source, notice.result) == (body, Source.SNS, Result.UNREAD)


async def test_a_certificate_is_fetched_once_however_many_come(taking, signer, amazon, store):
    bodies = [signer.signed(envelope(NOTICE + b" " * n)) for n in range(5)]

    await asyncio.gather(*map(taking.from_sns, bodies))

    assert amazon.asked == [CERTIFICATE_URL]
    assert len(await store.notices(frozenset(Result), 10)) == 5


async def test_what_amazon_signs_does_not_wait_for_certificates_that_others_name(taking, signer, amazon, store):
    await taking.from_sns(signer.signed(envelope(NOTICE)))
    amazon.is_slow = True
    others = [f"{CERTIFICATE_URL.removesuffix('.pem')}{n}.pem" for n in range(3)]
    forged = [json.dumps({**json.loads(signer.signed(envelope(NOTICE))), "SigningCertURL": url}) for url in others]
    waiting = [asyncio.create_task(taking.from_sns(body.encode())) for body in forged]
    await asyncio.sleep(0)

    async with asyncio.timeout(5):
        await taking.from_sns(signer.signed(envelope(NOTICE + b" ")))

    assert not any(task.done() for task in waiting)
    assert len(await store.notices(frozenset(Result), 10)) == 2
    for task in waiting:
        task.cancel()


async def test_what_comes_again_is_kept_once(taking, signer, store):
    await taking.from_sns(signer.signed(envelope(NOTICE), "1"))
    await taking.from_sns(signer.signed(envelope(NOTICE, MessageId="again"), "2"))

    assert len(await store.notices(frozenset(Result), 10)) == 1


@pytest.mark.parametrize("change", [
    {"Message": NOTICE.decode().replace("bob@", "eve@")},
    {"Subject": "added"},
    {"MessageId": "other"},
    {"Timestamp": "2027-01-15T08:00:01.000Z"},
    {"TopicArn": f"{TOPIC}-other"},
    {"Type": "SubscriptionConfirmation"},
    {"Type": "Other"},
    {"SignatureVersion": "1"},
    {"SignatureVersion": "3"},
    {"Signature": "AAAA"},
    {"Signature": "no base64"},
    {"Signature": None},
    {"SigningCertURL": "https://evil.example/SimpleNotificationService-0123456789abcdef.pem"},
    {"SigningCertURL": CERTIFICATE_URL.replace("0123", "4567")},
    {"Message": 1},
    {"TopicArn": [TOPIC]},
])  # fmt: skip
async def test_what_was_changed_since_is_not_believed(taking, signer, store, change):
    body = json.dumps({**json.loads(signer.signed(envelope(NOTICE))), **change}).encode()

    with pytest.raises(NotFromProvider):
        await taking.from_sns(body)

    assert await store.notices(frozenset(Result), 10) == []


async def test_another_key_than_amazons_is_not_believed(taking):
    with pytest.raises(NotFromProvider, match="its signature is not that of its certificate"):
        await taking.from_sns(Signer().signed(envelope(NOTICE)))


async def test_a_recording_is_not_believed(taking, signer, clock):
    body = signer.signed(envelope(NOTICE))
    clock.now += 25 * HOUR

    with pytest.raises(NotFromProvider, match="too far from now"):
        await taking.from_sns(body)


async def test_a_topic_that_nobody_named_is_not_believed_and_nothing_is_fetched_for_it(taking, signer, amazon):
    with pytest.raises(NotFromProvider, match="COUVERT_SES_TOPICS"):
        await taking.from_sns(signer.signed(envelope(NOTICE, TopicArn=f"{TOPIC}-2")))

    assert amazon.asked == []


async def test_what_is_not_believed_is_logged_with_the_reason(taking, signer):
    with capture_logs() as lines, pytest.raises(NotFromProvider):
        await taking.from_sns(signer.signed(envelope(NOTICE, TopicArn=f"{TOPIC}-2")))

    assert [(line["event"], line["reason"]) for line in lines] == [
        ("notices.not_believed", "its TopicArn is not among COUVERT_SES_TOPICS")
    ]


async def test_an_address_that_leads_to_no_certificate_is_asked_once(taking, signer, amazon):
    amazon.answers[CERTIFICATE_URL] = b"<html>"
    body = signer.signed(envelope(NOTICE))

    for _ in range(3):
        with pytest.raises(NotFromProvider, match="no certificate"):
            await taking.from_sns(body)

    assert amazon.asked == [CERTIFICATE_URL]


async def test_amazon_out_of_reach_is_no_refusal(taking, signer, amazon, store):
    amazon.answers[CERTIFICATE_URL] = Unavailable("it cannot be reached")
    body = signer.signed(envelope(NOTICE))
    with pytest.raises(Unavailable):
        await taking.from_sns(body)

    amazon.answers[CERTIFICATE_URL] = signer.certificate
    await taking.from_sns(body)

    assert len(await store.notices(frozenset(Result), 10)) == 1


def asking(**changes):
    given = {"Type": "SubscriptionConfirmation", "Token": "abc", "SubscribeURL": CONFIRM}
    return {**envelope(b"You have chosen to subscribe"), **given, **changes}


async def test_a_subscription_of_a_known_topic_is_confirmed(taking, signer, amazon, store):
    await taking.from_sns(signer.signed(asking()))

    assert amazon.asked == [CERTIFICATE_URL, CONFIRM]
    assert len(await store.notices(frozenset(Result), 10)) == 1


@pytest.mark.parametrize("change", [
    {"TopicArn": f"{TOPIC}-2"},
    {"SubscribeURL": "https://evil.example/?Action=ConfirmSubscription"},
    {"SubscribeURL": CONFIRM.replace("eu-west-1.amazonaws.com", "evil.example")},
])  # fmt: skip
async def test_no_other_address_is_called(taking, signer, amazon, store, change):
    with pytest.raises(NotFromProvider):
        await taking.from_sns(signer.signed(asking(**change)))

    assert set(amazon.asked) <= {CERTIFICATE_URL}
    assert await store.notices(frozenset(Result), 10) == []


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", NOTICE, b"\xff", b'{"Type": 1}'])
async def test_what_is_no_message_of_amazons_is_refused(taking, body):
    with pytest.raises(RuleBroken, match="raw message delivery"):
        await taking.from_sns(body)


async def test_nothing_is_taken_that_cannot_be_kept(taking, signer, store):
    store.ends = ["refused"]

    with pytest.raises(Unavailable):
        await taking.from_sns(signer.signed(envelope(NOTICE)))
