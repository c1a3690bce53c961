"""What a mail says and whom it goes to: kept whole, however large, and found again by the ids in the log."""

import asyncio
import random
from hashlib import sha256

import pytest

from couvert.domain.mail import References
from couvert.store.changes import Change
from couvert.store.rows import SandboxMail
from tests.store.changes import HTML, NOW, SECOND, WORKER, begun, content_of, mail


@pytest.mark.parametrize("recipients", [1_000, 10_000])
async def test_a_mail_to_many_is_one_change(store, ids, recipients):
    change = mail(ids, recipients, html=HTML)

    position = await store.commit(change)

    first, last = change.new_deliveries[0].delivery.id, change.new_deliveries[-1].delivery.id
    assert position == 1
    assert await store.states(first=first, last=last) == {"queued": recipients}
    assert await store.recipient(last) == change.new_recipients[-1].recipient


async def test_many_mails_to_many_are_all_kept(store, ids):
    changes = [mail(ids, 1_000) for _ in range(25)]

    await asyncio.gather(*map(store.commit, changes))

    assert await store.states(first=0, last=1 << 62) == {"queued": 25_000}


async def test_a_body_may_be_sent_any_number_of_times_side_by_side_and_one_after_the_other(store, ids):
    changes = [mail(ids, html=f"{HTML}{n % 2}") for n in range(40)]

    await asyncio.gather(*map(store.commit, changes[:20]))
    await asyncio.gather(*map(store.commit, changes[20:]))

    assert {await store.body(content_of(change).html) for change in changes} == {f"{HTML}0", f"{HTML}1"}


async def test_a_body_of_several_megabytes_comes_back(store, ids):
    html = "".join(f"<p>{n} Grüße</p>" for n in range(200_000))
    change = mail(ids, html=html)

    await store.commit(change)

    assert await store.body(content_of(change).html) == html


async def test_a_timeline_has_the_events_of_a_delivery_and_of_its_mail_with_the_words_of_the_provider(store, ids):
    change = mail(ids, recipients=2)
    await store.commit(change)
    first, second = await store.take(owner=WORKER, now=NOW, until=NOW + SECOND, limit=2)
    await store.commit(begun(first.stored, until=NOW + SECOND, note="first\0wörds", at=NOW + 5))
    await store.commit(begun(second.stored, until=NOW + SECOND))

    timeline = await store.timeline(content_of(change).mail_id, 1)

    assert [noted.name for noted in timeline] == ["mail.accepted.v1", "delivery.begun.v1"]
    assert [noted.note for noted in timeline] == [None, "first\0wörds"]
    assert [noted.logged.at for noted in timeline] == [NOW, NOW + 5]
    assert [noted.logged.part for noted in timeline] == [0, 1]
    assert len(await store.timeline(content_of(change).mail_id, 0)) == 1


async def test_sandbox_mail_is_kept_by_attempt(store):
    second, first = (SandboxMail(5, attempt, NOW, bytes([attempt]) * 1_000) for attempt in (2, 1))

    await store.commit(Change(at=NOW, sandbox_mail=second))
    await store.commit(Change(at=NOW, sandbox_mail=first))

    assert await store.sandbox_mails(5) == [first, second]
    assert await store.sandbox_mails(6) == []


async def test_what_was_left_out_comes_back_as_left_out(store, ids):
    change = mail(ids)
    bare = content_of(change)._replace(variables={}, html=None, reply_to=None, references=References())
    change.contents = [bare]

    await store.commit(change)

    assert await store.content(bare.mail_id) == bare


async def test_a_large_body_comes_back_as_it_was(store, ids):
    large, text = random.Random(1).randbytes(2_000_000), "ü" * 1_500_000
    change = mail(ids, html="<p>small</p>")
    digests = [sha256(large).digest(), sha256(text.encode()).digest()]
    change.bodies = {**change.bodies, digests[0]: large, digests[1]: text}

    await store.commit(change)

    assert await store.attachment(digests[0]) == large
    assert await store.body(digests[1]) == text
    assert await store.body(content_of(change).html) == "<p>small</p>"
