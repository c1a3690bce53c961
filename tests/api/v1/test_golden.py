"""Every answer that /v1 can give, as its clients see it. The format is frozen, and so are these files."""

import asyncio
import sqlite3

import pytest

from couvert.delivery.transport import Refused, TryLater, Unknown
from couvert.domain.delivery import State
from couvert.domain.refusals import Unavailable
from tests.api.v1.golden import assert_golden
from tests.api.v1.service import MAIL, ORIGIN, THREE


async def test_health(service):
    assert_golden("health", await service.request("GET", "/v1/health"))


async def test_preflight(service, key):
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}

    assert_golden("preflight", await service.request("OPTIONS", "/v1/mail", headers=headers))


# --- Mails ------------------------------------------------------------------------------------------------------------


async def test_mail_sent(service, key):
    assert_golden("mail-sent", await service.post_mail(key))


async def test_mail_sent_with_nothing_optional(service, key):
    bare = {"sender_email", "subject", "html_template"}
    body = {name: MAIL[name] for name in bare} | {"recipients": [{"mail": "john@example.com"}]}

    answer = await service.request("POST", "/v1/mail", headers={"x-api-key": key, "origin": ORIGIN}, json=body)

    assert_golden("mail-sent-bare", answer)


async def test_mail_deferred(service, key):
    service.courier.says = TryLater("421 come back later")

    assert_golden("mail-queued", await service.post_mail(key))


async def test_mail_refused(service, key):
    service.courier.says = Refused("550 5.1.1 no such user")

    assert_golden("mail-refused", await service.post_mail(key))


async def test_mail_outcome_unknown(service, key):
    service.courier.says = Unknown("the connection broke after the message was sent")

    assert_golden("mail-unknown", await service.post_mail(key))


async def test_mail_suppressed(service, key):
    service.courier.says = State.SUPPRESSED

    assert_golden("mail-suppressed", await service.post_mail(key))


async def test_mails_queued(service, key):
    assert_golden("mails-queued", await service.post_mail(key, recipients=THREE))


async def test_mail_replayed(service, key):
    await service.post_mail(key, headers={"Idempotency-Key": "once"})

    assert_golden("mail-replayed", await service.post_mail(key, headers={"Idempotency-Key": "once"}))


async def test_idempotency_key_reused(service, key):
    await service.post_mail(key, headers={"Idempotency-Key": "once"})

    answer = await service.post_mail(key, headers={"Idempotency-Key": "once"}, subject="Another")

    assert_golden("idempotency-key-reused", answer)


async def test_idempotency_key_in_progress(open_service):
    service = open_service(v1_patience_seconds=0.3)
    key = await service.new_key()
    service.courier.says = None

    first = asyncio.create_task(service.post_mail(key, headers={"Idempotency-Key": "once"}))
    while not service.courier.handed_over:  # noqa: ASYNC110 - the courier has no bell
        await asyncio.sleep(0.005)

    assert_golden("idempotency-key-in-progress", await service.post_mail(key, headers={"Idempotency-Key": "once"}))
    await first


# --- Keys -------------------------------------------------------------------------------------------------------------


async def test_key_created(service):
    body = {
        "name": "My API Key",
        "origin_names": ["example.com", "https://App.Example.com"],
        "expires_at": "2026-01-27T10:30:00Z",
    }

    assert_golden("key-created", await service.request("POST", "/v1/api-key", json=body))


async def test_key_created_for_ever(service):
    body = {"name": "My API Key", "origin_names": ["example.com"]}

    assert_golden("key-created-for-ever", await service.request("POST", "/v1/api-key", json=body))


async def test_key_deleted(service, key):
    assert_golden("key-deleted", await service.request("DELETE", f"/v1/api-key/{key}"))


async def test_origins_added(service, key):
    body = {"origin_names": ["new.example.com", "app.example.com", "*.example.org"]}

    assert_golden("origins-added", await service.request("POST", f"/v1/api-key/{key}/origins", json=body))


async def test_key_unknown(service):
    assert_golden("key-unknown", await service.request("DELETE", "/v1/api-key/ak_nobodys"))


async def test_key_management_closed(open_service):
    service = open_service(v1_key_management="token")

    assert_golden("key-management-closed", await service.request("POST", "/v1/api-key", json={}))


# --- Errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "key_given", "origin"),
    [
        ("key-missing", "", ORIGIN),
        ("key-invalid", "ak_nobodys", ORIGIN),
        ("origin-missing", "good", ""),
        ("origin-not-allowed", "good", "https://evil.example"),
    ],
)
async def test_unauthorized(service, key, name, key_given, origin):
    headers = {"x-api-key": key if key_given == "good" else key_given, "origin": origin}

    answer = await service.request("POST", "/v1/mail", headers=headers, content=b"not even JSON")

    assert_golden(f"unauthorized-{name}", answer)


async def test_key_inactive(service, key):
    await service.parts.keys.delete(key)

    assert_golden("unauthorized-key-inactive", await service.post_mail(key))


async def test_key_expired(service):
    key = await service.new_key(expires_at=service.clock() + 1)
    service.clock.now += 1

    assert_golden("unauthorized-key-expired", await service.post_mail(key))


async def test_every_kind_of_fault(service, key):
    body = {
        "recipients": [{"mail": "no address"}, {"name": 7}, "a string", {"mail": "a@b.example", "company": "a\nb"}],
        "sender_email": None,
        "html_template": "\x00",
        "sender_name": "x" * 1_001,
        "email_id": {"deep": [[[["er"]]]]},
    }

    answer = await service.request("POST", "/v1/mail", headers={"x-api-key": key, "origin": ORIGIN}, json=body)

    assert_golden("validation", answer)


async def test_unknown_variable(service, key):
    assert_golden("unknown-variable", await service.post_mail(key, html_template="<p>{{nickname}}</p>"))


async def test_expiry_in_the_past(service):
    body = {"name": "My API Key", "origin_names": [], "expires_at": "2025-01-27T10:29:59Z"}

    assert_golden("expiry-in-the-past", await service.request("POST", "/v1/api-key", json=body))


async def test_malformed_json(service, key):
    assert_golden("malformed-json", await service.post_mail(key, content=b'{"recipients": ['))


async def test_no_such_address(service):
    assert_golden("no-such-address", await service.request("GET", "/v1/nothing"))


async def test_method_not_allowed(service):
    assert_golden("method-not-allowed", await service.request("PATCH", "/v1/mail"))


async def test_body_too_large(open_service):
    service = open_service(v1_max_body=1_000)
    key = await service.new_key()

    assert_golden("body-too-large", await service.post_mail(key, html_template="x" * 1_001))


async def test_unsupported_media_type(service, key):
    answer = await service.post_mail(key, content=b"<mail/>", headers={"Content-Type": "text/xml"})

    assert_golden("unsupported-media-type", answer)


async def test_crash(service, key, monkeypatch):
    monkeypatch.setattr(service.store, "key", crash)

    assert_golden("crash", await service.post_mail(key))


async def test_store_unavailable(service, key, monkeypatch):
    monkeypatch.setattr(service.store, "commit", unavailable(may_be_kept=False))

    assert_golden("unavailable", await service.post_mail(key))


async def test_commit_whose_end_nobody_saw(service, key, monkeypatch):
    monkeypatch.setattr(service.store, "commit", unavailable(may_be_kept=True))

    assert_golden("unavailable-may-be-kept", await service.post_mail(key))


async def crash(_hash):
    raise sqlite3.InternalError("/var/lib/couvert/couvert.db: the password is hunter2")


def unavailable(*, may_be_kept):
    async def commit(_change):
        raise Unavailable("disk I/O error in /var/lib/couvert", may_be_kept=may_be_kept)

    return commit
