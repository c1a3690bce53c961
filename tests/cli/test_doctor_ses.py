"""What the doctor says of SES, of whatever may be wrong there; asked of a simulated one with the real client."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

from couvert import wiring
from couvert.cli.checks import delivery, notices, queues
from couvert.domain.finding import Finding, Verdict
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.domain.restrictions import Restrictions
from couvert.simulator import exchange
from couvert.simulator.testing import SimulatedSes, simulated_ses
from couvert.store.notices import Source
from couvert.wiring import Parts
from tests.cli.aws_parts import Open, know_credentials, opening
from tests.commands.ses_notices import ses_notice
from tests.delivery.ses.handing import KEY_ID, SECRET
from tests.delivery.webhooks.receiver import receiving

TOPIC = "arn:aws:sns:us-east-1:123456789012:couvert-notices"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch) -> None:
    know_credentials(monkeypatch)


@pytest.fixture
def ses() -> Iterator[SimulatedSes]:
    with simulated_ses(secrets={KEY_ID: SECRET}, queues=("notices",)) as running:
        yield running


@pytest.fixture
async def open_parts(tmp_path: Path, ses: SimulatedSes) -> AsyncIterator[Open]:
    common = {"data_dir": tmp_path, "notice_queue_url": "sqs://notices", "aws_endpoint_url": ses.url}
    async with opening(**common) as open_common:
        yield lambda query="configuration_set=couvert", **given: open_common(
            transport=f"ses://us-east-1?{query}", **given
        )


def client(ses: SimulatedSes, service: str) -> Any:
    return boto3.Session().client(service, endpoint_url=ses.url, region_name="us-east-1")


async def looked_at(parts: Parts, subject: str) -> list[tuple[Verdict, str]]:
    transport, _ = wiring.provider_of(parts.settings, parts.store, parts.notices)  # a look closes the one it had
    found = [*await delivery.transport(replace(parts, transport=transport)), *await notices.notices(parts)]
    return [(finding.verdict, finding.sentence) for finding in found if finding.subject == subject]


async def said(parts: Parts, subject: str) -> tuple[Verdict, str]:
    [found] = await looked_at(parts, subject)
    return found


def wrongs(findings: list[Finding]) -> list[Finding]:
    return [finding for finding in findings if finding.verdict is not Verdict.OK]


async def test_where_all_is_as_it_should_be_every_line_is_ok(open_parts):
    found = list(await delivery.transport(open_parts()))

    assert [finding for finding in wrongs(found) if finding.subject != "senders"] == []
    assert [finding.subject for finding in found] == [
        "transport", "credentials", "SES clock", "sending", "senders", "events", "notices"
    ]  # fmt: skip


# --- Credentials and clock --------------------------------------------------------------------------------------------


async def test_credentials_are_told_by_where_they_are_from_and_never_shown(open_parts):
    verdict, sentence = await said(open_parts(), "credentials")

    assert verdict is Verdict.OK
    assert "from the environment" in sentence
    assert KEY_ID not in sentence
    assert SECRET not in sentence


async def test_credentials_that_cannot_be_had_are_wrong(open_parts, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/x")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", "/nowhere/token")

    verdict, sentence = await said(open_parts(), "credentials")

    assert verdict is Verdict.WRONG
    assert "cannot be had" in sentence
    assert "/nowhere/token" in sentence


async def test_without_credentials_it_says_where_to_put_them(open_parts, monkeypatch):
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    [finding] = await delivery.transport(open_parts())

    assert (finding.verdict, finding.subject) == (Verdict.WRONG, "credentials")
    assert "AWS_ACCESS_KEY_ID" in finding.sentence


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_SECRET_ACCESS_KEY", "another"), ("AWS_ACCESS_KEY_ID", "AKIANOBODYKNOWSTHIS0")]
)
async def test_credentials_that_ses_rejects_are_wrong(open_parts, monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    verdict, sentence = await said(open_parts(), "credentials")

    assert verdict is Verdict.WRONG
    assert sentence.startswith("SES rejects them")


@pytest.mark.parametrize(("ahead", "verdict"), [(600, Verdict.WRONG), (100, Verdict.NOTE), (0, Verdict.OK)])
async def test_a_clock_apart_from_that_of_ses_is_told(open_parts, monkeypatch, ahead, verdict):
    monkeypatch.setattr(exchange, "time", SimpleNamespace(time=lambda: time.time() + ahead))
    monkeypatch.setattr("couvert.simulator.routes.time", SimpleNamespace(time=lambda: time.time() + ahead))

    found, sentence = await said(open_parts(), "SES clock")

    assert found is verdict
    assert verdict is Verdict.OK or "set the clock" in sentence


# --- What the account may do ------------------------------------------------------------------------------------------


async def test_an_account_that_is_paused_or_suspended_is_wrong(open_parts, ses):
    parts = open_parts()

    ses.faults(paused=True)
    assert (await said(parts, "sending"))[0] is Verdict.WRONG
    ses.faults(suspended=True)
    verdict, sentence = await said(parts, "sending")

    assert verdict is Verdict.WRONG
    assert "SHUTDOWN" in sentence


async def test_an_account_in_the_sandbox_of_ses_is_noted(open_parts, ses):
    ses.faults(sandbox=True)

    _, noted = await looked_at(open_parts(), "sending")

    assert noted[0] is Verdict.NOTE
    assert "production access" in noted[1]


@pytest.mark.parametrize(
    ("right", "subject"),
    [
        ("ses:GetAccount", "sending"),
        ("ses:ListEmailIdentities", "senders"),
        ("ses:GetConfigurationSet", "events"),
        ("ses:GetConfigurationSetEventDestinations", "events"),
        ("sns:ListSubscriptionsByTopic", "notices"),
    ],
)
async def test_a_right_that_is_missing_leaves_the_rest_to_be_looked_at(open_parts, ses, right, subject):
    ses.faults(denied=[right])

    found = await delivery.transport(open_parts(ses_topics=TOPIC))

    assert [(each.verdict, each.sentence) for each in found if each.subject == subject] == [
        (Verdict.UNKNOWN, f"could not be checked: allow {right}")
    ]
    assert "transport" in {each.subject for each in found}
    assert Verdict.WRONG not in {each.verdict for each in found}


async def test_an_ses_that_nobody_reaches_is_wrong(open_parts):
    [finding] = await delivery.transport(open_parts(aws_endpoint_url="http://127.0.0.1:1"))

    assert (finding.subject, finding.verdict) == ("transport", Verdict.WRONG)


async def test_a_tenant_has_to_exist(open_parts, tmp_path):
    with simulated_ses(tenants=("shop",)) as ses:
        assert (await said(open_parts("tenant=shop", aws_endpoint_url=ses.url), "tenant"))[0] is Verdict.OK
        assert (await said(open_parts("tenant=other", aws_endpoint_url=ses.url), "tenant"))[0] is Verdict.WRONG


# --- Senders ----------------------------------------------------------------------------------------------------------


async def mail_from(parts: Parts, email: str) -> None:
    await parts.mails.accept(AcceptMail(Sender(email), (Recipient("bob@example.net"),), "News", text="x"), key=None)


@pytest.fixture
def strict(ses) -> Any:
    """Example.com and one address of example.org are verified."""
    with simulated_ses(identities=("example.com", "ann@example.org")) as running:
        yield running


async def test_senders_of_mails_and_of_keys_have_to_be_verified(open_parts, strict):
    parts = open_parts(aws_endpoint_url=strict.url)
    await mail_from(parts, "Ann@Example.org")
    await mail_from(parts, "shop@news.example.com")
    allowed = Restrictions(senders=("*.example.com", "ann@example.org"))
    await parts.keys.create(name="shop", origins=("app.example.com",), expires_at=None, restrictions=allowed)
    assert (await said(parts, "senders"))[0] is Verdict.OK

    await mail_from(parts, "eve@example.net")
    verdict, sentence = await said(parts, "senders")

    assert verdict is Verdict.WRONG
    assert "eve@example.net" in sentence


async def test_a_sender_that_only_a_key_allows_counts_while_the_key_is_good(open_parts, strict):
    parts = open_parts(aws_endpoint_url=strict.url)
    allowed = Restrictions(senders=("eve@example.net",))
    created = await parts.keys.create(name="x", origins=("app.example.com",), expires_at=None, restrictions=allowed)
    assert (await said(parts, "senders"))[0] is Verdict.WRONG

    await parts.keys.delete(created.secret)
    assert (await said(parts, "senders"))[0] is Verdict.OK


async def test_a_domain_of_which_some_addresses_are_verified_is_noted(open_parts, strict):
    parts = open_parts(aws_endpoint_url=strict.url)
    allowed = Restrictions(senders=("example.org",))
    await parts.keys.create(name="shop", origins=("app.example.com",), expires_at=None, restrictions=allowed)

    assert (await said(parts, "senders"))[0] is Verdict.NOTE


async def test_a_mail_from_domain_that_rejects_is_wrong(open_parts, strict):
    parts = open_parts(aws_endpoint_url=strict.url)
    await mail_from(parts, "shop@example.com")
    strict.faults(mail_from_unverified=True)

    assert "bounce.example.com" in "".join(sentence for _, sentence in await looked_at(parts, "senders"))


# --- What SES tells, and whether it reaches us ------------------------------------------------------------------------


async def test_a_configuration_set_has_to_be_named_and_to_exist(open_parts):
    assert (await said(open_parts(""), "events"))[0] is Verdict.WRONG
    verdict, sentence = await said(open_parts("configuration_set=other"), "events")

    assert verdict is Verdict.WRONG
    assert "does not exist" in sentence


async def test_the_set_that_an_identity_has_by_default_is_as_good(open_parts, strict):
    parts = open_parts("", aws_endpoint_url=strict.url)
    await mail_from(parts, "shop@example.com")
    assert (await said(parts, "events"))[0] is Verdict.WRONG

    client(strict, "sesv2").put_email_identity_configuration_set_attributes(
        EmailIdentity="example.com", ConfigurationSetName="couvert"
    )

    assert (await said(parts, "events"))[0] is Verdict.OK


async def test_a_set_that_is_switched_off_is_wrong(open_parts, ses):
    client(ses, "sesv2").put_configuration_set_sending_options(ConfigurationSetName="couvert", SendingEnabled=False)

    (_, (verdict, sentence)) = await looked_at(open_parts(), "sending")

    assert verdict is Verdict.WRONG
    assert "put-configuration-set-sending-options --configuration-set-name couvert --sending-enabled" in sentence


async def test_kinds_of_events_that_are_missing_are_named(open_parts, ses):
    destination = {"Enabled": True, "MatchingEventTypes": ["SEND", "BOUNCE"], "SnsDestination": {"TopicArn": TOPIC}}
    client(ses, "sesv2").update_configuration_set_event_destination(
        ConfigurationSetName="couvert", EventDestinationName="couvert", EventDestination=destination
    )

    verdict, sentence = await said(open_parts(), "events")

    assert verdict is Verdict.WRONG
    assert "DELIVERY, COMPLAINT, REJECT, DELIVERY_DELAY, RENDERING_FAILURE" in sentence


async def test_without_a_way_for_notices_it_is_wrong(open_parts):
    assert (await said(open_parts(notice_queue_url=None), "notices"))[0] is Verdict.WRONG


async def test_the_queue_for_notices_has_to_exist_and_to_be_subscribed(open_parts, ses):
    [there] = await queues.queues(open_parts())
    assert (there.verdict, there.sentence) == (
        Verdict.OK,
        "sqs://notices: 0 waiting, 0 being worked on",
    )

    client(ses, "sqs").create_queue(QueueName="deaf")
    assert (await said(open_parts(notice_queue_url="sqs://deaf"), "notices"))[0] is Verdict.WRONG

    [gone] = await queues.queues(open_parts(notice_queue_url="sqs://gone"))
    assert gone.verdict is Verdict.WRONG
    assert "does not exist" in gone.sentence


@pytest.mark.parametrize("right", ["sqs:GetQueueAttributes", "sqs:GetQueueUrl"])
async def test_a_queue_that_may_not_be_looked_at_is_no_failure(open_parts, ses, right):
    ses.faults(denied=[right])

    [finding] = await queues.queues(open_parts())

    assert (finding.verdict, finding.sentence) == (Verdict.UNKNOWN, f"could not be checked: allow {right}")
    assert (await said(open_parts(), "notices"))[0] is Verdict.UNKNOWN


async def test_https_has_to_be_subscribed_confirmed_and_not_raw(open_parts, ses):
    async with receiving() as receiver:
        url = f"http://127.0.0.1:{receiver.port}"
        endpoint = f"{url}/v2/provider/ses"
        parts = open_parts(ses_topics=TOPIC, public_url=url, notice_queue_url=None)
        assert f"subscribe {endpoint}" in (await said(parts, "notices"))[1]

        sns = client(ses, "sns")
        made = sns.subscribe(TopicArn=TOPIC, Protocol="http", Endpoint=endpoint, ReturnSubscriptionArn=True)
        assert "has not confirmed" in (await said(parts, "notices"))[1]

        while not receiver.requests:  # noqa: ASYNC110 - SNS asks when it likes
            await asyncio.sleep(0.01)
        asked = json.loads(receiver.requests[0].body)
        sns.confirm_subscription(TopicArn=TOPIC, Token=asked["Token"])
        assert (await said(parts, "notices"))[0] is Verdict.OK

        sns.set_subscription_attributes(
            SubscriptionArn=made["SubscriptionArn"], AttributeName="RawMessageDelivery", AttributeValue="true"
        )
        assert "raw message delivery" in (await said(parts, "notices"))[1]


async def test_a_topic_that_is_not_ours_to_believe_is_named(open_parts, ses):
    own = client(ses, "sns").create_topic(Name="own")["TopicArn"]

    found = await looked_at(open_parts(ses_topics=own, notice_queue_url=None), "notices")

    assert any("add that to COUVERT_SES_TOPICS" in sentence and TOPIC in sentence for _, sentence in found)
    assert any(f"publishes nothing to {own}" in sentence for _, sentence in found)


async def test_a_topic_that_does_not_exist_is_wrong(open_parts):
    gone = "arn:aws:sns:us-east-1:123456789012:gone"

    assert any("does not exist" in said for _, said in await looked_at(open_parts(ses_topics=gone), "notices"))


# --- The last notice --------------------------------------------------------------------------------------------------


async def test_silence_after_mails_were_handed_over_is_wrong(open_parts, monkeypatch):
    parts = open_parts()
    assert await said(parts, "last notice") == (Verdict.OK, "none was ever seen")
    async with wiring.running(parts, delivers=True):
        await mail_from(parts, "shop@example.com")
        parts.courier.wake()
        while await parts.store.last_taken_at(wiring.now_ms() + 1) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        monkeypatch.setattr(notices, "LATEST_MS", 0)

        verdict, sentence = await said(parts, "last notice")
        await parts.take_notices.keep(Source.SQS, [b"{}"])

        assert verdict is Verdict.WRONG
        assert "none was ever seen, though a mail was handed over" in sentence
        assert (await said(parts, "last notice"))[0] is Verdict.OK


async def test_that_no_notice_ever_came_is_worth_knowing_once_a_mail_left_a_while_ago(open_parts, monkeypatch):
    parts = open_parts()
    async with wiring.running(parts, delivers=True):
        await mail_from(parts, "shop@example.com")
        parts.courier.wake()
        while await parts.store.last_taken_at(wiring.now_ms() + 1) is None:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        assert (await said(parts, "last notice"))[0] is Verdict.OK

        monkeypatch.setattr(notices, "SOON_MS", 0)
        verdict, sentence = await said(parts, "last notice")
        await parts.take_notices.keep(Source.SQS, [b"{}"])

        assert verdict is Verdict.NOTE
        assert "none was ever seen, though a mail was handed over" in sentence
        assert (await said(parts, "last notice"))[0] is Verdict.OK


async def test_notices_that_nobody_reads_are_told(open_parts, monkeypatch):
    parts = open_parts()
    await parts.take_notices.keep(Source.SQS, [ses_notice("Delivery", "bob@example.net")])
    monkeypatch.setattr(notices, "LONGEST_UNREAD_MS", -1)

    assert any("start `couvert serve`" in sentence for _, sentence in await looked_at(parts, "notices"))
