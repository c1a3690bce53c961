"""Webhooks are created, replaced, given new secrets, switched off and deleted; what they leave survives."""

import asyncio

import pytest

from couvert.commands.claims import Claim
from couvert.commands.webhooks import Webhooks
from couvert.domain.ids import IdSource
from couvert.domain.refusals import Conflict, NotFound
from couvert.domain.webhook import OVERLAP_MS, Secrets, Terms

TERMS = Terms("https://example.com/hooks", "Shop", ("delivery.*",), tags=("a",), project_id="p")


@pytest.fixture
def webhooks(store, clock):
    return Webhooks(store, IdSource(4, clock), clock)


async def test_what_was_created_is_found_again(webhooks, store):
    created = await webhooks.create(TERMS)
    stored = await store.webhook(created.webhook.webhook_id)
    assert stored.webhook == created.webhook
    assert stored.webhook.terms == TERMS
    assert stored.webhook.secrets.current.startswith("whsec_")
    assert created.position == await store.position()


async def test_what_was_replaced_keeps_its_secret(webhooks, store):
    created = (await webhooks.create(TERMS)).webhook
    changed = await webhooks.replace(created.webhook_id, TERMS._replace(url="https://other.example", tags=()))
    stored = await store.webhook(created.webhook_id)
    assert stored.webhook == changed.webhook
    assert stored.webhook.terms.url == "https://other.example"
    assert stored.webhook.secrets == created.secrets


async def test_a_new_secret_leaves_the_former_one_a_day(webhooks, store, clock):
    created = (await webhooks.create(TERMS)).webhook
    rotated = (await webhooks.rotate(created.webhook_id)).webhook
    assert rotated.secrets == Secrets(rotated.secrets.current, created.secrets.current, clock.now + OVERLAP_MS)
    assert rotated.secrets.current != created.secrets.current
    assert (await store.webhook(created.webhook_id)).webhook == rotated


async def test_a_deleted_webhook_is_gone_with_its_secret(webhooks, store):
    created = (await webhooks.create(TERMS)).webhook
    await webhooks.delete(created.webhook_id)
    assert await store.webhooks() == []
    row = (await store.webhook(created.webhook_id)).webhook
    assert (row.is_deleted, row.secrets, row.terms.url) == (True, Secrets(), "")
    with pytest.raises(NotFound):
        await webhooks.delete(created.webhook_id)
    with pytest.raises(NotFound):
        await webhooks.rotate(created.webhook_id)


async def test_who_is_gone_is_switched_off_and_nobody_minds_if_it_was_before(webhooks, store):
    created = (await webhooks.create(TERMS)).webhook
    first = await webhooks.switch_off(created.webhook_id, TERMS.url)
    assert await webhooks.switch_off(created.webhook_id, TERMS.url) == first
    assert await webhooks.switch_off("nobody", TERMS.url) == first
    assert (await store.webhook(created.webhook_id)).webhook.off_reason == "gone"


async def test_what_changes_nothing_is_no_event(webhooks, store):
    created = await webhooks.create(TERMS)
    assert (await webhooks.replace(created.webhook.webhook_id, TERMS)).position == created.position
    assert await store.position() == created.position


async def test_many_who_change_it_at_once_come_one_after_the_other(webhooks, store):
    created = (await webhooks.create(TERMS)).webhook
    await asyncio.gather(
        *(webhooks.replace(created.webhook_id, TERMS._replace(description=str(n))) for n in range(3)),
        webhooks.rotate(created.webhook_id),
    )
    stored = await store.webhook(created.webhook_id)
    assert stored.revision == 5
    assert stored.webhook.secrets.former == created.secrets.current


async def test_a_key_stands_for_one_creation(webhooks, store):
    claim = Claim(b"scope", b"request", lambda created: created.webhook.webhook_id.encode())
    created = await webhooks.create(TERMS, claim=claim)
    kept = await store.idempotency(b"scope")
    assert (kept.answer, kept.position) == (created.webhook.webhook_id.encode(), created.position)
    with pytest.raises(Conflict):
        await webhooks.create(TERMS, claim=claim)
    assert len(await store.webhooks()) == 1
