"""What may be attached."""

import pytest

from couvert.domain.attachments import MOST, MOST_BYTES, Attachment, faults


def paths(*attachments):
    return [fault.path for fault in faults(attachments)]


def file(**changes):
    return Attachment(**{"filename": "a.pdf", "content_type": "application/pdf", "content": b"x"} | changes)


@pytest.mark.parametrize(
    "content_type", ["text/csv; charset=utf-8", 'text/calendar; method="REQUEST"', "image/svg+xml"]
)
def test_a_type_may_have_parameters(content_type):
    assert paths(file(content_type=content_type)) == []


@pytest.mark.parametrize(
    "content_type", ["", "pdf", "a/b/c", "a/b\r\nX: y", "multipart/mixed", "message/rfc822", "a/ b"]
)
def test_a_type_is_one_that_can_be_attached(content_type):
    assert paths(file(content_type=content_type)) == ["attachments.0.content_type"]


@pytest.mark.parametrize("name", ["", " ", "a ", "..", "a/b", "a\\b", "a\nb", "x" * 256])
def test_a_name_is_a_files_name(name):
    assert paths(file(), file(filename=name)) == ["attachments.1.filename"]


@pytest.mark.parametrize("content_id", ["", "<logo>", "a b", "é", "x" * 129])
def test_an_id_is_what_the_html_may_ask_for(content_id):
    assert paths(file(content_id=content_id)) == ["attachments.0.content_id"]


def test_two_attachments_do_not_share_an_id():
    assert paths(file(content_id="logo"), file(content_id="logo")) == ["attachments.1.content_id"]


def test_there_is_an_end_to_attachments():
    half = b"x" * (MOST_BYTES // 2)

    assert paths(file(content=half), file(content=half)) == []
    assert paths(file(content=half), file(content=half), file()) == ["attachments"]
    assert paths(*[file()] * (MOST + 1)) == ["attachments"]
