"""POST /v2/mails: one mail to one or many."""

import base64
import json
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from couvert.delivery.letters import Letters
from couvert.domain.mail import References
from tests.api.v2.post_office import JANE, MAIL, data, faults, mail, mail_id_of
from tests.commands.desk import LEASE_MS, OWNER

WHOLE = {
    **MAIL,
    "htmlTemplate": "<p>{{name}} of {{company}}, {{email}}: {{product}} {{code}} {{nothing}} from {{senderName}} "
    '({{senderEmail}}, {{senderOrganisationName}}) <img src="cid:logo"></p>',
    "textTemplate": "{{recipient_name}}: {{product}} {{code}}",
    "templateId": None,
    "variables": {"product": "Anvil", "code": "0", "nothing": None},
    "recipients": [
        {**JANE, "company": "Team", "emailRecipientId": "r-1", "variables": {"code": "<1>", "product": None}},
        {"email": "joe@EXAMPLE.com"},
    ],
    "replyTo": "help@example.com",
    "headers": {"X-Campaign": "Grüße", "List-Unsubscribe": "<https://example.com/u>"},
    "attachments": [
        {"filename": "a.pdf", "contentType": "application/pdf", "content": base64.b64encode(b"%PDF").decode()},
        {"filename": "l.png", "contentType": "image/png", "content": "iVBORw0K\nGgo=", "contentId": "logo"},
    ],
    "tags": ["welcome", "welcome", "x"],
    "scheduledAt": "2030-01-27T11:30:00+01:00",
    "expiresAt": "2030-01-28T10:30:00Z",
    "clientEnvId": "env-123", "emailId": "msg-123", "projectId": "project-456", "closureId": "closure-789",
    "unknownField": 1,
}  # fmt: skip


async def test_a_mail_is_queued(office):
    answer = await office.send(mail(recipients=[*MAIL["recipients"], JANE]))

    assert data(answer) == {"mailId": answer.json()["data"]["mailId"], "status": "queued", "recipientCount": 2}
    assert answer.headers["etag"] == str(await office.store.position()) == "1"
    assert answer.json()["status"] == "success"
    mail_id = mail_id_of(answer)
    assert (await office.store.recipient(mail_id + 2)).name == "Jane"
    assert office.service.courier.woken == 1


async def test_everything_that_was_posted_is_kept(office):
    mail_id = mail_id_of(await office.send(WHOLE))

    content = await office.store.content(mail_id)
    assert (content.sender.organisation_name, content.reply_to) == ("Acme Corp", "help@example.com")
    assert (content.tags, content.headers) == (("welcome", "x"), WHOLE["headers"])
    assert content.references == References("msg-123", "env-123", "project-456", "closure-789")
    (accepted,) = await office.store.timeline(mail_id, 0)
    event = accepted.logged.event
    assert (event.due_at, event.expires_at, event.user_id) == (1_895_740_200_000, 1_895_826_600_000, 1)
    assert (await office.store.recipient(mail_id + 1)).email_recipient_id == "r-1"
    assert (await office.store.recipient(mail_id + 2)).email == "joe@example.com"


async def test_what_was_posted_is_what_is_sent(office):
    mail_id = mail_id_of(await office.send(WHOLE))
    stored, recipient = await office.store.delivery(mail_id + 1), await office.store.recipient(mail_id + 1)

    message = await Letters(office.store, office.service.clock).message(stored.delivery, recipient)

    parsed = message_from_bytes(message.content, policy=default)
    assert (parsed["X-Campaign"], parsed["List-Unsubscribe"]) == ("Grüße", "<https://example.com/u>")
    assert (parsed["To"], parsed["Reply-To"]) == ("Jane <jane@example.com>", "help@example.com")
    assert isinstance(parsed, EmailMessage)
    html, text = (part.get_content() for kind in ("html", "plain") if (part := parsed.get_body((kind,))))
    assert html.startswith(
        "<p>Jane of Team, jane@example.com:  &lt;1&gt;  from Support Team (support@example.com, Acme Corp)"
    )
    assert text == "Jane:  <1>\r\n"
    files = {part.get_filename(): part.get_payload(decode=True) for part in parsed.walk() if part.get_filename()}
    assert files == {"a.pdf": b"%PDF", "l.png": b"\x89PNG\r\n\x1a\n"}


async def test_a_scheduled_mail_waits_for_its_time(office):
    await office.send(WHOLE)

    assert await office.store.next_wake() == 1_895_740_200_000
    assert await office.store.take(owner=OWNER, now=1_895_740_199_999, until=LEASE_MS, limit=9) == []


async def test_a_time_that_is_past_is_now(office):
    await office.send(mail(scheduledAt="2001-01-01T00:00:00Z"))

    assert await office.store.next_wake() == office.service.clock.now


async def test_the_input_is_echoed_without_templates(office):
    params = (await office.send(mail(sender={"email": "Support@EXAMPLE.com"}))).json()["params"]

    assert params == {
        "sender": {"email": "Support@example.com"},
        "subject": "Hello {{name}}",
        "recipients": MAIL["recipients"],
    }


async def test_ten_thousand_recipients_are_taken_and_no_more(office):
    everybody = [{"email": f"c{n}@example.org"} for n in range(10_001)]

    assert data(await office.send(mail(recipients=everybody[:10_000])))["recipientCount"] == 10_000
    assert [*faults(await office.send(mail(recipients=everybody)))] == ["recipients"]
    assert [*faults(await office.send(mail(recipients=[])))] == ["recipients"]


# --- Refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "reason", "words"), [
    ({"sender": None}, "sender", ""),
    ({"sender": {"name": "x"}}, "sender.email", "required"),
    ({"sender": {"email": "nobody"}}, "sender.email", "not a valid email address"),
    ({"recipients": None}, "recipients", ""),
    ({"recipients": [{"email": "a@b.example"}, {"email": "nobody"}]}, "recipients.1.email", "not a valid email"),
    ({"recipients": [{**JANE, "name": "a\nBcc: x"}]}, "recipients.0.name", "line breaks"),
    ({"recipients": [{**JANE, "variables": {"code": 5}}]}, "recipients.0.variables.code", "valid string"),
    ({"recipients": [{**JANE, "variables": {"email": "x"}}]}, "recipients.0.variables.email", "built in"),
    ({"variables": {"senderName": "x"}}, "variables.senderName", "built in"),
    ({"variables": {"on": True}}, "variables.on", "valid string"),
    ({"subject": None}, "subject", "valid string"),
    ({"subject": ""}, "subject", "at least 1 character"),
    ({"subject": "{{nope}}"}, "subject", "is missing for john@example.com"),
    ({"subject": "a\r\nBcc: x"}, "subject", "line breaks"),
    ({"htmlTemplate": None}, "htmlTemplate", "needs an HTML or a text"),
    ({"htmlTemplate": "", "textTemplate": ""}, "htmlTemplate", "needs an HTML or a text"),
    ({"htmlTemplate": "{{first name}}"}, "htmlTemplate", "not a variable's name"),
    ({"textTemplate": "{{code}}"}, "textTemplate", "is missing for john@example.com"),
    ({"htmlTemplate": "\0"}, "htmlTemplate", "control characters"),
    ({"templateId": "t-1"}, "templateId", "do not exist yet"),
    ({"replyTo": "a@b.example, c@d.example"}, "replyTo", "not a valid email"),
    ({"headers": {"To": "x@y.example"}}, "headers.To", "not for a mail to set"),
    ({"headers": {"X-A": "a\nb"}}, "headers.X-A", "one line"),
    ({"tags": ["a", ""]}, "tags.1", "1 to 100"),
    ({"scheduledAt": "2030-01-01T00:00:00"}, "scheduledAt", "time with its zone"),
    ({"scheduledAt": 1_893_456_000}, "scheduledAt", "time with its zone"),
    ({"scheduledAt": "2030-02-30T00:00:00Z"}, "scheduledAt", ""),
    ({"expiresAt": "2001-01-01T00:00:00Z"}, "expiresAt", "past"),
    ({"expiresAt": "2031-01-01T00:00:00Z", "scheduledAt": "2031-01-01T01:00:00Z"}, "expiresAt", "scheduled"),
    ({"attachments": [{"filename": "a", "contentType": "a/b", "content": "?"}]}, "attachments.0.content", "base64"),
    ({"attachments": [{"filename": "a/b", "contentType": "a/b", "content": ""}]}, "attachments.0.filename", "path"),
    ({"attachments": [{"filename": "a", "contentType": "pdf", "content": ""}]}, "attachments.0.contentType", "type"),
    ({"attachments": [{"filename": "a", "contentType": "a/b", "content": "", "contentId": "<a>"}]},
     "attachments.0.contentId", "letters"),
    ({"attachments": [{}]}, "attachments.0.filename", "required"),
])  # fmt: skip
async def test_what_is_wrong_is_named_and_nothing_is_kept(office, changes, reason, words):
    answer = await office.send(mail(**changes))

    assert words in faults(answer)[reason]
    assert "etag" not in answer.headers
    assert await office.store.position() == 0


async def test_all_faults_are_listed_at_once(office):
    body = {
        "recipients": [{"email": "nobody"}, {"email": "a@b.example", "company": "a\nb"}],
        "subject": "{{first name}}", "htmlTemplate": "<p>{{ 1 }}</p>", "replyTo": "x", "scheduledAt": "soon",
    }  # fmt: skip

    assert set(faults(await office.send(body))) == {
        "sender", "recipients.0.email", "recipients.1.company", "subject", "htmlTemplate", "replyTo", "scheduledAt",
    }  # fmt: skip


async def test_missing_variables_are_listed_beside_other_faults(office):
    found = faults(await office.send(mail(replyTo="x", htmlTemplate="{{code}}", textTemplate="{{name}}")))

    assert set(found) == {"replyTo", "htmlTemplate"}


async def test_who_lacks_which_variable_is_told(office):
    body = mail(
        htmlTemplate="{{code}} {{city}}",
        recipients=[{**JANE, "variables": {"code": "1"}}, *MAIL["recipients"], {"email": "joe@example.com"}],
        variables={"city": "Bonn"},
    )

    found = faults(await office.send(body))

    assert found == {
        "htmlTemplate": 'uses the variable "code", which is missing for john@example.com, joe@example.com.'
    }


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b'{"subject": "a", "subject": "b"}',
        b"\xff",
        b'{"a": NaN}',
        b"null",
        b'{"headers": {"X-\\ud800": "a"}}',
        b'{"variables": {"\\uDC00": "a"}}',
    ],
)
async def test_a_body_that_is_no_object_is_malformed(office, raw):
    answer = await office.post("/v2/mails", content=raw, headers={"Content-Type": "application/json"})

    assert [*faults(answer)] == ["body"]


async def test_who_may_only_read_sends_nothing(office):
    answer = await office.send(MAIL, token="bob")

    assert answer.status_code == 403
    assert answer.json()["error"]["errors"][0]["reason"] == "missing_role"
    assert (await office.send(MAIL, token=None)).status_code == 401
    assert await office.store.position() == 0


async def test_a_bare_answer_is_the_mail_alone(office):
    answer = await office.send(MAIL, headers={"Prefer": "envelope=none"})

    assert answer.status_code == 202
    assert answer.json().keys() == {"mailId", "status", "recipientCount"}
    assert answer.headers["etag"] == "1"


# --- Preview ----------------------------------------------------------------------------------------------------------


async def test_a_preview_shows_the_first_recipients_mail_and_sends_nothing(office):
    answer = await office.post("/v2/mails/preview", mail(recipients=[JANE, *MAIL["recipients"]], textTemplate="{{x}}!"))

    assert data(answer, 200) == {
        "subject": "Hello Jane", "html": "<h1>Hello Jane</h1>", "text": "!", "missing": ["x"],
    }  # fmt: skip
    assert await office.store.position() == 0


async def test_a_preview_of_a_broken_template_is_refused(office):
    assert [*faults(await office.post("/v2/mails/preview", mail(htmlTemplate="{{a b}}")))] == ["htmlTemplate"]


async def test_who_may_read_may_preview(office):
    assert (await office.post("/v2/mails/preview", MAIL, token="bob")).status_code == 200


async def test_a_value_that_holds_half_a_surrogate_pair_is_named(office):
    raw = json.dumps(mail(tags=["\ud800"], headers={"X-A": "\ud800"}, emailId="\ud83d\ude00"))

    answer = await office.post("/v2/mails", content=raw, headers={"Content-Type": "application/json"})

    assert faults(answer).keys() == {"tags.0", "headers.X-A"}
