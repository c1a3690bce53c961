"""Mails that SES does not take: the simulator refuses the same, and takes all others."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, strategies as st

from couvert.simulator.ses.addresses import check_addresses
from tests.simulator.letters import RAW, raw_letter

LOCAL = st.from_regex(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,20}(\.[a-z0-9]{1,9})?", fullmatch=True)
DOMAIN = st.from_regex(r"[a-z0-9-]{1,20}(\.[a-z]{2,9}){1,2}", fullmatch=True)
SIMPLE = {"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "Hello"}}}


@pytest.fixture
def sesv2(client):
    return client("sesv2")


def words_of(sesv2, **change):
    with pytest.raises(ClientError) as refused:
        sesv2.send_email(**raw_letter(**change))
    answer = refused.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("BadRequestException", 400)
    return answer["Error"]["Message"]


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("bob", "Missing final '@domain'"),
        ("@example.com", "Missing local name"),
        ("bob@", "Missing domain"),
        ("b b@example.com", "Local address contains control or whitespace"),
        (".bob@example.com", "Local address starts with dot"),
        ("b..b@example.com", "Local address contains dot-dot"),
        ("bob.@example.com", "Local address ends with dot"),
        ("b(b@example.com", "Local address contains illegal character"),
        ("b\u00fcb@example.com", "Local address contains non-ASCII characters"),
        ("bob@.example.com", "Domain starts with dot"),
        ("bob@exam ple.com", "Domain contains control or whitespace"),
        ("bob@example..com", "Domain contains dot-dot"),
        ("bob@example.com.", "Domain ends with dot"),
        ("bob@exam_ple.com", "Domain contains illegal character"),
        ("bob@example.com,carol@example.com", "Domain contains illegal character"),
        ("b" * 310 + "@example.com", "Address length is more than 320 characters long"),
    ],
)
def test_an_address_that_is_none_is_refused_whosever_it_is(sesv2, address, words):
    assert words in words_of(sesv2, FromEmailAddress=address)
    assert words in words_of(sesv2, Destination={"BccAddresses": ["carol@example.com", address]})
    assert words in words_of(sesv2, ReplyToAddresses=[address])


@given(LOCAL, DOMAIN)
def test_ordinary_addresses_are_taken(local, domain):
    check_addresses(f"Ann <{local}@{domain}>", [f"{local}@{domain}"], [f'"{local} b"@{domain}'])


def test_a_mail_has_one_sender(sesv2):
    assert words_of(sesv2, FromEmailAddress="Ann <ann@example.com>, Bob <bob@example.com>") == "Illegal address"


@pytest.mark.parametrize(
    ("tag", "words"),
    [
        ({"Name": "", "Value": "x"}, "The tag name must be specified."),
        ({"Name": "x", "Value": ""}, "The tag value must be specified."),
        ({"Name": "x" * 257, "Value": "x"}, "Tag name cannot exceed 256 characters."),
        ({"Name": "x", "Value": "a:b"}, "Invalid tag value <a:b>: only alphanumeric ASCII"),
        ({"Name": "ses:operation", "Value": "x"}, "Invalid tag name <ses:operation>: only alphanumeric ASCII"),
    ],
)
def test_tags_consist_of_plain_letters(sesv2, tag, words):
    assert words in words_of(sesv2, EmailTags=[{"Name": "right", "Value": "too"}, tag])


def test_the_tags_that_name_a_campaign_to_receivers_are_taken(ses, sesv2):
    sesv2.send_email(**raw_letter(), EmailTags=[{"Name": "ses:feedback-id-a", "Value": "spring"}])

    assert ses.mails()[0]["tags"] == {"ses:feedback-id-a": "spring"}


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (RAW.replace(b"From:", b"X-From:"), "Missing required header 'From'."),
        (b"Hello Bob", "Missing required header 'From'."),
        (b"Subject: Hello\r\n" + RAW, "Duplicate header 'Subject'."),
        (b"content-type: text/plain\r\nContent-Type: text/html\r\n" + RAW, "Duplicate header 'Content-Type'."),
        ((b"Message-ID: <1@a>\r\n" * 2 + RAW).replace(b"\r\n", b"\n"), "Duplicate header 'Message-ID'."),
        (RAW + b"x" * 41_943_040, "Message length is more than 41943040 bytes long"),
    ],
)
def test_a_raw_message_that_is_no_mail_is_refused(sesv2, raw, words):
    assert words in words_of(sesv2, Content={"Raw": {"Data": raw}})


def test_what_only_looks_like_a_header_twice_is_none(sesv2):
    raw = b"Received: a\r\nReceived: b\r\nX-Long: a\r\n Subject: b\r\n" + RAW + b"\r\n\r\nFrom: a\r\nFrom: b\r\n"

    assert sesv2.send_email(**raw_letter(Content={"Raw": {"Data": raw}}))["MessageId"]


@pytest.mark.parametrize(
    "headers",
    [
        [(f"X-{n}", "x") for n in range(16)],
        [("X Y", "x")],
        [("X:", "x")],
        [("X-Y", "\u00fc")],
        [("X-Y", "x" * 996)],
        [("X" * 127, "x")],
        [("X" * 120, "x" * 900)],
    ],
)  # fmt: skip
def test_headers_that_are_added_are_few_and_plain(sesv2, headers):
    added = [{"Name": name, "Value": value} for name, value in headers]

    assert words_of(sesv2, Content={"Simple": {**SIMPLE, "Headers": added}})


def test_simple_content_may_be_as_large_as_a_raw_message_and_no_larger(sesv2):
    body = {"Text": {"Data": "x" * 41_943_040}}

    assert "Message length is more than" in words_of(sesv2, Content={"Simple": {**SIMPLE, "Body": body}})


def test_a_configuration_set_has_a_plain_name(sesv2):
    with pytest.raises(sesv2.exceptions.BadRequestException):
        sesv2.create_configuration_set(ConfigurationSetName="two words")


@pytest.mark.parametrize("kinds", [[], ["BOUNCE", "BOUNCED"]])
def test_an_event_destination_is_told_of_something_there_is(sesv2, kinds):
    destination = {"Enabled": True, "MatchingEventTypes": kinds}

    with pytest.raises(sesv2.exceptions.BadRequestException):
        sesv2.create_configuration_set_event_destination(
            ConfigurationSetName="couvert", EventDestinationName="own", EventDestination=destination
        )
