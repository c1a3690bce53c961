"""SendEmail and its neighbours as boto3 knows them."""

import email.policy
from email import message_from_bytes

import pytest
from botocore.exceptions import ClientError

from couvert.simulator.testing import simulated_ses
from tests.simulator.letters import RAW, raw_letter, refusal


def simple(**change):
    return {"Simple": {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hello"}}, **change}}


@pytest.fixture
def sesv2(client):
    return client("sesv2")


def test_a_raw_message_is_kept_to_the_byte_with_its_tags(ses, sesv2):
    tags = [{"Name": "couvert-delivery", "Value": "dlv_1"}, {"Name": "attempt", "Value": "1"}]

    sent = sesv2.send_email(**raw_letter(), EmailTags=tags, ConfigurationSetName="couvert", TenantName="acme")

    (mail,) = ses.mails()
    assert (mail["messageId"], mail["message"]) == (sent["MessageId"], RAW)
    assert mail["tags"] == {"couvert-delivery": "dlv_1", "attempt": "1"}
    assert (mail["sender"], mail["recipients"]) == ("ann@example.com", ["bob@example.com"])
    assert (mail["configurationSet"], mail["tenant"]) == ("couvert", "acme")


def test_a_raw_message_alone_says_who_gets_it(ses, sesv2):
    sesv2.send_email(Content={"Raw": {"Data": RAW}})

    (mail,) = ses.mails()
    assert (mail["sender"], mail["recipients"]) == ("Ann <ann@example.com>", ["bob@example.com"])


def test_simple_content_becomes_a_message(ses, sesv2):
    body = {"Text": {"Data": "Grüße"}, "Html": {"Data": "<b>Grüße</b>"}}
    sesv2.send_email(
        FromEmailAddress="Ann <ann@example.com>",
        Destination={"ToAddresses": ["Bob <bob@example.com>"], "BccAddresses": ["carol@example.com"]},
        Content={"Simple": {"Subject": {"Data": "Hällo"}, "Body": body}},
    )

    (mail,) = ses.mails()
    message = message_from_bytes(mail["message"], policy=email.policy.default)
    assert mail["recipients"] == ["bob@example.com", "carol@example.com"]
    assert (message["Subject"], message["Bcc"]) == ("Hällo", None)
    assert [part.get_content().strip() for part in message.iter_parts()] == ["Grüße", "<b>Grüße</b>"]


@pytest.mark.parametrize(
    ("change", "error_type", "words"),
    [
        ({"Destination": {"ToAddresses": ["bob"]}}, "BadRequestException", "Missing final '@domain'"),
        ({"Destination": {"ToAddresses": ["b@example.com"] * 51}}, "BadRequestException", "exceeds 50"),
        ({"Content": {}}, "BadRequestException", "one of Simple and Raw"),
        ({"EmailTags": [{"Name": "a b", "Value": "c"}]}, "BadRequestException", "Invalid tag name <a b>: only"),
        ({"ConfigurationSetName": "nobody"}, "NotFoundException", "Configuration set <nobody> does not exist."),
    ],
)
def test_what_ses_refuses_is_refused_in_its_way(ses, sesv2, change, error_type, words):
    with pytest.raises(ClientError, match=words) as refused:
        sesv2.send_email(**{**raw_letter(), **change})
    assert refused.value.response["Error"]["Code"] == error_type
    assert ses.mails() == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (simple(Subject={"Data": "two\nlines"}), "No message can be made"),
        (simple(Headers=[{"Name": "Subject", "Value": "b"}]), "at most 1"),
        (simple(Attachments=[{"RawContent": b"a", "FileName": "a"}]), "attaches nothing"),
        ({"Template": {"TemplateName": "welcome", "TemplateData": "{}"}}, "no templates"),
    ],
)
def test_content_that_no_message_can_be_made_of_is_refused_and_troubles_nobody(ses, sesv2, content, words):
    letter = {**raw_letter(Content=content), "ConfigurationSetName": "couvert"}
    with pytest.raises(ClientError, match=words) as refused:
        sesv2.send_email(**letter)
    sesv2.send_email(**raw_letter(ConfigurationSetName="couvert"))

    assert refused.value.response["Error"]["Code"] == "BadRequestException"
    assert len(ses.mails()) == 1


def test_a_sender_that_is_not_verified_is_rejected(client):
    with simulated_ses(identities=("example.org",)) as strict:
        sesv2 = client("sesv2", url=strict.url)

        assert refusal(sesv2) == ("MessageRejected", 400)
        assert refusal(sesv2, FromEmailAddress="ann@mail.example.org") is None


def test_the_account_tells_its_quota_and_what_is_used_of_it(ses, sesv2):
    ses.faults(rate=14, daily_quota=50_000)
    sesv2.send_email(**raw_letter(Destination={"ToAddresses": ["a@example.com", "b@example.com"]}))

    account = sesv2.get_account()

    assert account["SendQuota"] == {"Max24HourSend": 50_000, "MaxSendRate": 14, "SentLast24Hours": 2}
    assert (account["SendingEnabled"], account["EnforcementStatus"]) == (True, "HEALTHY")


def test_what_a_doctor_asks_is_answered(sesv2):
    identity = sesv2.get_email_identity(EmailIdentity="ann@example.com")
    assert (identity["VerifiedForSendingStatus"], identity["VerificationStatus"]) == (True, "SUCCESS")
    assert sesv2.list_configuration_sets()["ConfigurationSets"] == ["couvert"]
    assert sesv2.get_configuration_set(ConfigurationSetName="couvert")["SendingOptions"] == {"SendingEnabled": True}
    (destination,) = sesv2.get_configuration_set_event_destinations(ConfigurationSetName="couvert")["EventDestinations"]
    assert destination["SnsDestination"]["TopicArn"] == "arn:aws:sns:us-east-1:123456789012:couvert-notices"
    assert "BOUNCE" in destination["MatchingEventTypes"]
    assert sesv2.get_tenant(TenantName="acme")["Tenant"]["SendingStatus"] == "ENABLED"


def test_an_account_is_set_up_as_the_real_one(ses, sesv2):
    sesv2.create_email_identity(EmailIdentity="shop@example.com")
    assert sesv2.list_email_identities()["EmailIdentities"][0]["VerificationStatus"] == "PENDING"
    assert refusal(sesv2) == ("MessageRejected", 400)
    sesv2.delete_email_identity(EmailIdentity="shop@example.com")

    sesv2.create_configuration_set(ConfigurationSetName="own")
    sesv2.put_configuration_set_sending_options(ConfigurationSetName="own", SendingEnabled=False)
    assert refusal(sesv2, ConfigurationSetName="own") == ("SendingPausedException", 400)
    sesv2.delete_configuration_set(ConfigurationSetName="own")

    sesv2.put_account_sending_attributes(SendingEnabled=False)
    assert sesv2.get_account()["SendingEnabled"] is False
    assert refusal(sesv2) == ("SendingPausedException", 400)
