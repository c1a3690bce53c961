"""A message of the queue in the words of /v1: read as the contract has it, and written so that it is read the same."""

import json

from hypothesis import given, strategies as st

from couvert.api.v1.queue import read_message, wording
from couvert.domain.lines import is_one_line
from couvert.domain.mail import AcceptMail, Recipient, References, Sender
from couvert.domain.names import OF_V1
from couvert.store.messages import Echo

SAMPLE = """{"email_id": "msg-123", "email_recipient_id": "recipient-123", "client_env_id": "env-123",
 "sender_email": "support@example.com", "sender_name": "Support Team",
 "sender_organisation_name": "Acme Corp", "subject": "Test Email",
 "html_template": "<html><body><h1>Hello {{name}}</h1></body></html>",
 "recipient_name": "John Doe", "recipient_email": "john@example.com", "recipient_company": "Acme Corp",
 "queued_at": "2025-01-27T10:30:00Z"}"""
lines = st.none() | st.text(max_size=30).filter(is_one_line)
texts = st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("\t\n\r"), min_size=1, max_size=60)


def test_the_contracts_sample_is_read_whole():
    read = read_message(SAMPLE)

    assert read.command == AcceptMail(
        sender=Sender("support@example.com", "Support Team", "Acme Corp"),
        recipients=(Recipient("john@example.com", "John Doe", "Acme Corp", "recipient-123"),),
        subject="Test Email",
        html="<html><body><h1>Hello {{name}}</h1></body></html>",
        references=References("msg-123", "env-123", queued_at="2025-01-27T10:30:00Z"),
        built_in=OF_V1,
        is_bulk=True,
    )
    assert read.echo == Echo("msg-123", "recipient-123", "john@example.com", "2025-01-27T10:30:00Z")
    assert read.is_named


def test_what_is_written_has_the_samples_fields_in_its_order():
    read = read_message(SAMPLE)

    written = wording(read.command, 1_737_973_800_000)(read.command.recipients[0])

    assert json.loads(written) == json.loads(SAMPLE)
    assert list(json.loads(written)) == list(json.loads(SAMPLE))


@given(
    recipient=st.tuples(lines, lines, lines).map(lambda of: Recipient("john@example.com", *of)),
    sender=st.tuples(lines, lines).map(lambda of: Sender("shop@example.com", *of)),
    references=st.tuples(lines, lines).map(lambda of: References(*of)),
    subject=st.text(max_size=30).filter(is_one_line),
    html=texts,
)
def test_what_is_written_is_read_the_same(recipient, sender, references, subject, html):
    command = AcceptMail(sender, (recipient,), subject, html, references=references)

    read = read_message(wording(command, 0)(recipient)).command

    assert (read.sender, read.recipients, read.subject, read.html) == (sender, (recipient,), subject, html)
    assert read.references == references._replace(queued_at="1970-01-01T00:00:00Z")
