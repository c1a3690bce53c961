"""Amazon SNS at the door of /v2: open to anybody, and believed only if signed."""

import pytest

from couvert.commands.notice_intake import TakeNotices
from couvert.delivery.sns import Signatures
from couvert.store.notices import Result
from tests.commands.ses_notices import TOPIC, Signer, envelope, ses_notice

NOTICE = ses_notice("Delivery", "bob@example.org")
NOW = "2025-01-27T10:30:00.000Z"  # the service's clock
ADDRESS = "/v2/provider/ses"


@pytest.fixture(scope="module")
def signer():
    return Signer()


@pytest.fixture
def sns(service, signer):
    async def fetch(url):
        return signer.certificate

    notices = TakeNotices(service.store, service.clock, Signatures((), fetch), {TOPIC})
    object.__setattr__(service.parts, "notices", notices)
    return service


async def post(service, body, **headers):
    return await service.request("POST", ADDRESS, content=body, headers={"Content-Type": "text/plain", **headers})


async def test_a_signed_notice_is_kept_and_answered_200(sns, signer):
    answer = await post(sns, signer.signed(envelope(NOTICE, Timestamp=NOW)))

    assert (answer.status_code, answer.json()["status"]) == (200, "success")
    assert answer.headers["X-RateLimit-Exempt"] == "yes"
    assert len(await sns.store.notices(frozenset(Result), 10)) == 1


async def test_an_unsigned_one_is_refused(sns):
    answer = await post(sns, b'{"Type": "Notification", "TopicArn": "%s"}' % TOPIC.encode())

    assert answer.status_code == 403
    assert answer.json()["error"]["errors"][0]["reason"] == "not_from_provider"
    assert await sns.store.notices(frozenset(Result), 10) == []


async def test_without_topics_nothing_is_believed(service, signer):
    answer = await post(service, signer.signed(envelope(NOTICE, Timestamp=NOW)))

    assert answer.status_code == 403
    assert "COUVERT_SES_TOPICS" in answer.json()["error"]["errors"][0]["message"]


async def test_what_is_no_message_of_sns_is_a_400(sns):
    assert (await post(sns, b"hello")).status_code == 400


async def test_what_is_too_long_is_not_read(sns):
    assert (await post(sns, b"x" * 1_000_001)).status_code == 413
