"""A large body keeps nobody waiting: whatever takes long is done beside the event loop."""

import base64
import os
import threading

import pytest

from couvert.api.v2 import inputs
from couvert.commands import checks, idempotency, preview
from couvert.domain import personalise
from tests.api.v2.post_office import data, faults, mail

LONG = "<p>" + "x" * 300_000


@pytest.fixture
def threads(monkeypatch):
    """Where the steps that take long were done."""
    met: dict[str, set[bool]] = {}

    def watched(module, name):
        original = getattr(module, name)

        def noting(*args, **kwargs):
            met.setdefault(name, set()).add(threading.current_thread() is not threading.main_thread())
            return original(*args, **kwargs)

        monkeypatch.setattr(module, name, noting)

    watched(inputs, "checked")
    watched(checks, "faults")
    watched(idempotency, "sha256")
    watched(personalise, "values")
    watched(preview, "compile_template")
    return met


ASIDE, ON_THE_LOOP = {True}, {False}


async def test_a_large_mail_is_read_and_checked_aside(office, threads):
    answer = await office.send(mail(htmlTemplate=LONG), key="k-1")

    assert data(answer)["recipientCount"] == 1
    assert threads == {"checked": ASIDE, "faults": ASIDE, "sha256": ASIDE}


async def test_a_large_batch_is_too(office, threads):
    answer = await office.post("/v2/mails/batch", {"mails": [mail(htmlTemplate=LONG), mail(subject=None)]})

    assert [result["status"] for result in data(answer)["results"]] == ["queued", "refused"]
    assert threads["faults"] == ASIDE


async def test_a_large_preview_is_too(office, threads):
    assert data(await office.post("/v2/mails/preview", mail(htmlTemplate=LONG)), 200)["html"] == LONG
    assert (threads["checked"], threads["compile_template"]) == (ASIDE, ASIDE)


async def test_a_small_mail_goes_straight_through(office, threads):
    data(await office.send(mail(), key="k-1"))

    assert threads == {"checked": ON_THE_LOOP, "faults": ON_THE_LOOP, "sha256": ON_THE_LOOP}


async def test_what_is_wrong_with_a_large_mail_is_told_as_ever(office):
    assert (
        "is missing for john@example.com"
        in faults(await office.send(mail(htmlTemplate=LONG + "{{ code }}")))["htmlTemplate"]
    )
    assert [*faults(await office.send(mail(htmlTemplate=LONG, subject=None)))] == ["subject"]


@pytest.mark.parametrize("size", [0, 1, 2, 3, 3_000_000, 3_000_001, 6_000_002])
async def test_an_attachment_of_any_size_is_what_it_was(office, size):
    content = os.urandom(size)
    attached = {"filename": "a.bin", "contentType": "a/b", "content": base64.encodebytes(content).decode()}

    answer = await office.send(mail(attachments=[attached]))

    assert answer.status_code == 202
    assert await kept(office) == content


async def test_padding_within_an_attachment_is_no_base64(office):
    attached = {"filename": "a.bin", "contentType": "a/b", "content": "A" * 3_999_998 + "==" + "AAAA"}

    assert "base64" in faults(await office.send(mail(attachments=[attached])))["attachments.0.content"]


async def kept(office):
    (taken,) = await office.store.take(owner=1, now=2**60, until=2**61, limit=1)
    content = await office.store.content(taken.stored.delivery.mail_id)
    return await office.store.attachment(content.attachments[0].sha256)
