"""Attachments: the standard library reads back the files that were attached, where a reader looks for them."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from hypothesis import given, strategies as st

from couvert.delivery.mime import Mailbox, Outline, build_message
from couvert.domain.attachments import Attachment, is_file_name
from tests.delivery.test_mime import ALICE, BOB, NOW, bodies, built, content, read

PDF = Attachment("invoice.pdf", "application/pdf", b"%PDF-1.7\n\xff\x00" * 40)
LOGO = Attachment("logo.png", "image/png", b"\x89PNG\r\n\x1a\n" * 20, "logo@acme.example")

names = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=255).filter(
    is_file_name
)
files = st.builds(Attachment, st.just("a.bin"), st.just("application/octet-stream"), st.binary(max_size=300))


def leaves(message: bytes) -> list[Any]:
    return [part for part in read(message).walk() if not part.is_multipart()]


def test_a_file_comes_beside_what_is_read():
    message = read(built(attachments=[PDF]))

    body, file = message.iter_parts()
    assert message.get_content_type() == "multipart/mixed"
    assert body.get_content_type() == "multipart/alternative"
    assert (file.get_content_type(), file.get_filename()) == ("application/pdf", "invoice.pdf")
    assert file.get_content_disposition() == "attachment"
    assert file.get_payload(decode=True) == PDF.content


def test_what_the_html_shows_is_related_to_it():
    message = read(built(html='<img src="cid:logo@acme.example">', attachments=[LOGO]))

    text, related = message.iter_parts()
    html, image = related.iter_parts()
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in (text, related, html, image)] == [
        "text/plain", "multipart/related", "text/html", "image/png",
    ]  # fmt: skip
    assert related["Content-Type"].params["type"] == "text/html"
    assert (image["Content-ID"], image.get_content_disposition()) == ("<logo@acme.example>", "inline")


def test_files_images_and_both_bodies_have_their_places():
    message = read(built(attachments=[PDF, LOGO]))

    assert [part.get_content_type() for part in message.walk()] == [
        "multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png",
        "application/pdf",
    ]  # fmt: skip
    found = message.get_body(("html",))
    assert content(found) == "<p>Hello</p>\r\n"


def test_an_image_that_no_html_shows_is_a_file():
    message = read(built(html=None, attachments=[LOGO]))

    assert [part.get_content_type() for part in message.walk()] == ["multipart/mixed", "text/plain", "image/png"]


@given(names)
def test_a_file_keeps_its_name(name):
    message = built(attachments=[Attachment(name, "application/pdf", b"x")])

    assert leaves(message)[-1].get_filename() == name
    assert max(map(len, message.split(b"\r\n"))) <= 300
    assert message.isascii()


@given(st.lists(files, max_size=4), bodies, bodies)
def test_whatever_is_attached_arrives_beside_whatever_is_said(attached, html, text):
    message = built(html=html, text=text, attachments=attached)

    parts = leaves(message)
    assert [part.get_payload(decode=True) for part in parts[2:]] == [file.content for file in attached]
    assert len(parts) == 2 + len(attached)


@given(bodies, bodies)
def test_no_boundary_begins_another_nor_stands_in_a_part(html, text):
    message = built(html=html, text=text, attachments=[PDF, LOGO])

    boundaries = re.findall(rb'boundary="([^"]+)"', message.partition(b"X-End")[0])[:3]
    for boundary in boundaries:
        lines = [line for line in message.split(b"\r\n") if line.startswith(b"--" + boundary)]
        assert len(lines) == 3
        assert lines[-1] == b"--" + boundary + b"--"


@pytest.mark.parametrize(
    "attachment",
    [
        Attachment("a\r\nBcc: c@d.example", "application/pdf", b""),
        Attachment("a/b.pdf", "application/pdf", b""),
        Attachment("a.pdf", "application/pdf\r\nBcc: c@d.example", b""),
        Attachment("a.pdf", "pdf", b""),
        Attachment("a.pdf", "application/pdf", b"", "x>\r\nBcc: c@d.example"),
    ],
)
def test_no_attachment_adds_a_header(attachment):
    with pytest.raises(ValueError, match="Content-"):
        built(attachments=[attachment])


def test_recipients_share_the_encoded_files():
    outline = Outline(ALICE, attachments=[PDF, LOGO])

    def message(number: int) -> EmailMessage:
        raw = outline.build(
            message_id=f"<{number}@acme.example>", date=NOW, recipient=BOB, subject="x", html="<p>x</p>", text=None
        )
        parsed = message_from_bytes(raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    assert [part.get_payload(decode=True) for part in message(1).iter_attachments()] == [
        part.get_payload(decode=True) for part in message(2).iter_attachments()
    ]
    assert outline.weight > 4 / 3 * (len(PDF.content) + len(LOGO.content))


def test_a_mail_without_attachments_is_as_it_was():
    assert built(attachments=[]) == build_message(
        message_id="<dlv_1@acme.example>", date=NOW, sender=Mailbox("alice@acme.example", "Alice"),
        recipient=Mailbox("bob@team.example", "Bob"), subject="Hello", html="<p>Hello</p>", text="Hello",
    )  # fmt: skip
