"""The mail that is measured: 3 kB of HTML, personalised in a few places."""

from __future__ import annotations

from typing import Any

from couvert.domain.mail import AcceptMail, Recipient, Sender

ORIGIN = "https://app.example.com"
MARK = "@N@"
"""Stands where each request has a number of its own."""

_ROW = (
    '<tr><td style="padding:6px 12px;border-bottom:1px solid #dddddd">Item {} of your order</td>'
    '<td style="padding:6px 12px;text-align:right">&euro; {}.50</td></tr>\n'
)
HTML = (
    "<!doctype html>\n<html><head><style>body{font-family:Arial;color:#222222}@media{#x a{padding:0}}</style></head>\n"
    "<body><h1>Hello {{name}},</h1>\n<p>Thank you for the order that you placed for {{company}}. "
    "We will let you know at {{mail}} as soon as it is on its way.</p>\n<table>\n"
    + "".join(_ROW.format(n, 7 * n) for n in range(1, 15))
    + '</table>\n<p>Questions? <a href="https://shop.example.com/help?order=1&amp;lang=en">Ask us</a>, or answer this '
    "mail.</p>\n<p>{{sender_name}}, {{sender_organisation_name}}</p></body></html>\n"
)
OWN_HTML = HTML.replace("Thank you", f"Thank you once more, for the {MARK}th time,")
"""For requests whose HTML nobody sent before, as of a client that fills its templates itself."""

SENDER = Sender("support@shop.example.com", "Support Team", "Acme Corp")


def mail_to(mail_number: int, recipients: int, due_at: int | None = None) -> AcceptMail:
    return AcceptMail(
        sender=SENDER,
        recipients=tuple(recipient(mail_number, n) for n in range(recipients)),
        subject=f"Order {mail_number} of {{{{name}}}}",
        html=HTML,
        due_at=due_at,
    )


def recipient(mail_number: int, n: int) -> Recipient:
    return Recipient(f"u{n}.m{mail_number}@example.com", f"Ann {n} O'Hara", "Acme Corp", f"r-{mail_number}-{n}")


def v2_mail(recipients: int, number: str = MARK) -> dict[str, Any]:
    """Of POST /v2/mails."""
    return {
        "sender": {"email": SENDER.email, "name": SENDER.name, "organisationName": SENDER.organisation_name},
        "subject": f"Order {number} of {{{{name}}}}",
        "htmlTemplate": HTML.replace("{{mail}}", "{{email}}").replace("sender_name", "senderName")
        .replace("sender_organisation_name", "senderOrganisationName"),
        "variables": {"product": "Anvil"},
        "recipients": [
            {
                "email": f"u{n}.m{number}@example.com",
                "name": f"Ann {n} O'Hara",
                "company": "Acme Corp",
                "emailRecipientId": f"r-{number}-{n}",
            }
            for n in range(recipients)
        ],
        "tags": ["order"],
        "clientEnvId": "env-123",
        "emailId": f"msg-{number}",
        "projectId": "project-456",
        "closureId": "closure-789",
    }  # fmt: skip


def body_to(recipients: int, *, html: str = HTML) -> dict[str, Any]:
    """Of POST /v1/mail, with `MARK` where requests are to differ: subject, addresses and ids."""
    return {
        "recipients": [
            {
                "name": f"Ann {n} O'Hara",
                "mail": f"u{n}.m{MARK}@example.com",
                "company": "Acme Corp",
                "emailRecipientId": f"r-{MARK}-{n}",
            }
            for n in range(recipients)
        ],
        "sender_name": SENDER.name,
        "sender_email": SENDER.email,
        "sender_organisation_name": SENDER.organisation_name,
        "subject": f"Order {MARK} of {{{{name}}}}",
        "html_template": html,
        "client_env_id": "env-123",
        "email_id": f"msg-{MARK}",
        "projectId": "project-456",
        "closureId": "closure-789",
    }
