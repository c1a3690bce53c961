"""What becomes of a mail that is posted: sent while its sender waits, or queued, and never half of it."""

import asyncio
import time

import pytest

from couvert.commands.key_changes import AddedOrigins
from couvert.delivery.transport import Refused, TryLater
from couvert.domain.delivery import State
from couvert.domain.ids import IdSource
from couvert.domain.mail import Recipient, Sender
from couvert.domain.refusals import Conflict
from tests.api.v1.service import MESSAGE_ID, THREE, Service


async def latest(service: Service, deliveries: int = 1):
    """The newest mail's content and recipients, as the store has them."""
    (mail_id,) = service.store._reader.execute("select max(mail_id) from content").fetchone()
    recipients = [await service.store.recipient(mail_id + n) for n in range(1, deliveries + 1)]
    return await service.store.content(mail_id), recipients


async def count_of_mails(service: Service) -> int:
    (count,) = service.store._reader.execute("select count(*) from content").fetchone()
    return int(count)


async def test_one_recipient_is_sent_to_while_the_client_waits(service, key):
    answer = await service.post_mail(key)

    assert service.courier.handed_over == ["john@example.com"]
    assert answer.json()["data"]["message_id"] == MESSAGE_ID


async def test_several_recipients_are_queued_and_the_courier_is_told(service, key):
    answer = await service.post_mail(key, recipients=THREE)

    assert service.courier.handed_over == []
    assert service.courier.woken == 1
    assert [status["recipient"] for status in answer.json()["data"]["statuses"]] == [each["mail"] for each in THREE]


async def test_a_mail_is_kept_as_it_was_asked_for(service, key):
    await service.post_mail(key)

    content, recipients = await latest(service)
    assert content.sender == Sender("support@example.com", "Support Team", "Acme Corp")
    assert content.subject == "Test Email"
    assert await service.store.body(content.html) == "<html><body><h1>Hello {{name}}</h1></body></html>"
    assert (content.references.email_id, content.references.client_env_id) == ("msg-123", "env-123")
    assert (content.references.project_id, content.references.closure_id) == ("project-456", "closure-789")
    assert recipients == [Recipient("john@example.com", "John Doe", "Acme Corp", "recipient-123")]


async def test_a_recipients_own_id_wins_over_the_mails(service, key):
    recipients = [{"mail": "ann@example.com", "emailRecipientId": "own"}, {"mail": "bob@example.com"}]

    answer = await service.post_mail(key, recipients=recipients, emailRecipientId="the mail's")

    statuses = answer.json()["data"]["statuses"]
    assert [status["email_recipient_id"] for status in statuses] == ["own", "the mail's"]


async def test_fields_that_v1_does_not_know_are_ignored(service, key):
    answer = await service.post_mail(key, attachments=[1], recipients=[{"mail": "a@example.com", "phone": {}}])

    assert answer.status_code == 200


async def test_minified_styles_come_through_untouched(service, key):
    html = "<style>@media{#outlook a{padding:0}}</style><p>{literal} {{name}} and {{ no end"

    await service.post_mail(key, html_template=html)

    content, _ = await latest(service)
    assert await service.store.body(content.html) == html


@pytest.mark.parametrize("template", ["{{nickname}}", "{{ }}", "{{a b}}", "{{name|upper}}", "{{name}} {{x}}"])
@pytest.mark.parametrize("field", ["html_template", "subject"])
async def test_a_variable_that_does_not_exist_is_refused_before_anything_is_stored(service, key, field, template):
    answer = await service.post_mail(key, **{field: template})

    assert answer.status_code == 400
    assert answer.json()["error"] == "Business logic error"
    assert field in answer.json()["message"]
    assert await count_of_mails(service) == 0


async def test_every_variable_of_v1_and_of_its_queue_exists(service, key):
    names = ["name", "mail", "company", "sender_name", "sender_email", "sender_organisation_name"]
    names += ["recipient_name", "recipient_email", "recipient_company"]

    answer = await service.post_mail(key, html_template=" ".join(f"{{{{{name}}}}}" for name in names))

    assert answer.status_code == 200


async def test_what_the_provider_puts_off_is_queued(service, key):
    service.courier.says = TryLater("421 busy")

    answer = await service.post_mail(key)

    assert answer.json()["message"] == "Email queued"


async def test_a_client_waits_only_so_long(open_service):
    service = open_service(v1_patience_seconds=0.05)
    key = await service.new_key()
    service.courier.says = None
    started = time.monotonic()

    answer = await service.post_mail(key)

    assert answer.json()["data"]["status"]["status"] == "queued"
    assert time.monotonic() - started < 1


async def test_a_mail_that_is_refused_for_good_is_on_record_as_failed(service, key):
    service.courier.says = Refused("550 no such user")

    answer = await service.post_mail(key)

    assert answer.status_code == 400
    assert "550 no such user" in answer.json()["message"]
    (delivery_id,) = service.store._reader.execute("select id from delivery").fetchone()
    stored = await service.store.delivery(delivery_id)
    assert stored is not None
    assert stored.delivery.state is State.FAILED


@pytest.mark.parametrize("state", [State.DELIVERED, State.BOUNCED, State.COMPLAINED])
async def test_what_the_provider_took_is_sent_whatever_became_of_it(service, key, state):
    service.courier.says = state

    answer = await service.post_mail(key)

    assert answer.json()["data"]["status"]["status"] == "sent"


@pytest.mark.parametrize("state", [State.CANCELLED, State.EXPIRED])
async def test_what_will_never_be_sent_is_refused(service, key, state):
    service.courier.says = state

    answer = await service.post_mail(key)

    assert answer.status_code == 400


async def test_equal_email_ids_are_not_duplicates(service, key):
    await service.post_mail(key)
    await service.post_mail(key)

    assert await count_of_mails(service) == 2


async def test_a_thousand_recipients_fit_and_one_more_does_not(service, key):
    thousand = [{"mail": f"r{n}@example.com"} for n in range(1_000)]

    fits = await service.post_mail(key, recipients=thousand)
    overflows = await service.post_mail(key, recipients=[*thousand, {"mail": "one.more@example.com"}])

    assert fits.json()["data"]["queued"] == 1_000
    assert overflows.status_code == 422
    assert overflows.json()["details"][0]["loc"] == ["recipients"]


async def test_a_thousand_recipients_of_whom_some_are_wrong_are_refused_together(service, key):
    recipients = [{"mail": f"r{n}@example.com"} for n in range(1_000)]
    recipients[0] = recipients[500] = recipients[999] = {"mail": "nobody"}

    answer = await service.post_mail(key, recipients=recipients)

    assert [fault["loc"] for fault in answer.json()["details"]] == [["recipients", n, "mail"] for n in (0, 500, 999)]
    assert await count_of_mails(service) == 0


# --- Somebody else is faster ------------------------------------------------------------------------------------------


async def test_a_key_that_changes_during_a_request_is_looked_at_again(service, key, monkeypatch):
    commit = service.store.commit
    changed: list[AddedOrigins] = []

    async def commit_after_a_change(change):
        if change.contents and not changed:
            changed.append(await service.parts.keys.add_origins(key, ["more.example.com"]))
        return await commit(change)

    monkeypatch.setattr(service.store, "commit", commit_after_a_change)

    assert (await service.post_mail(key)).status_code == 200
    assert await count_of_mails(service) == 1


async def test_a_key_that_is_deleted_during_a_request_sends_nothing(service, key, monkeypatch):
    commit = service.store.commit

    async def commit_after_the_end(change):
        if change.contents:
            monkeypatch.undo()
            await service.parts.keys.delete(key)
        return await commit(change)

    monkeypatch.setattr(service.store, "commit", commit_after_the_end)
    answer = await service.post_mail(key)

    assert answer.json() == {"status": 401, "message": "Unauthorized - API key is inactive"}
    assert await count_of_mails(service) == 0


async def test_ids_that_are_taken_already_are_chosen_anew(service, key, monkeypatch):
    await service.post_mail(key)
    ids = service.parts.send.mails.ids
    source = iter([IdSource(0, service.clock).block(2) + 1, *[ids.block(2) for _ in range(2)]])
    monkeypatch.setattr(ids, "block", lambda _length: next(source))

    assert (await service.post_mail(key)).status_code == 200
    assert await count_of_mails(service) == 2


async def test_whoever_never_gets_through_is_told_to_come_back(service, key, monkeypatch):
    async def conflict(_change):
        raise Conflict("the API key was changed by somebody else")

    monkeypatch.setattr(service.store, "commit", conflict)
    answer = await service.post_mail(key)

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"


async def test_fifty_mails_at_once_are_fifty_mails(service, key):
    answers = await asyncio.gather(*[service.post_mail(key) for _ in range(50)])

    assert {answer.status_code for answer in answers} == {200}
    assert await count_of_mails(service) == 50
