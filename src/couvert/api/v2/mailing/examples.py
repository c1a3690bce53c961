"""Mails as the documentation shows them."""

from __future__ import annotations

from typing import Any, Final

Example = dict[str, Any]

MAIL: Final[Example] = {
    "sender": {"email": "support@example.com", "name": "Support Team", "organisationName": "Acme Corp"},
    "subject": "Hello {{name}}",
    "htmlTemplate": "<h1>Hello {{name}}</h1><p>Your {{product}} has the code {{code}}.</p>",
    "textTemplate": None,
    "templateId": None,
    "variables": {"product": "Anvil"},
    "recipients": [
        {
            "email": "john@example.com", "name": "John Doe", "company": "Acme Corp",
            "emailRecipientId": "recipient-123", "variables": {"code": "1234"},
        }
    ],
    "replyTo": None,
    "headers": {},
    "attachments": [],
    "tags": ["welcome"],
    "scheduledAt": None,
    "expiresAt": None,
    "clientEnvId": "env-123",
    "emailId": "msg-123",
    "projectId": "project-456",
    "closureId": "closure-789",
}  # fmt: skip
QUEUED: Final[Example] = {"mailId": "mail_02qxz1m8e4000", "status": "queued", "recipientCount": 1}
BATCH: Final[Example] = {
    "results": [
        {"index": 0, **QUEUED, "error": None},
        {
            "index": 1, "mailId": None, "status": "refused", "recipientCount": 0,
            "error": {
                "code": 400, "message": "Bad Request",
                "errors": [{"reason": "subject", "message": "Field required"}],
            },
        },
    ]
}  # fmt: skip
PREVIEW: Final[Example] = {
    "subject": "Hello John Doe",
    "html": "<h1>Hello John Doe</h1><p>Your Anvil has the code 1234.</p>",
    "text": "Hello John Doe\n\nYour Anvil has the code 1234.\n",
    "missing": [],
}
_COUNTS: Final = dict.fromkeys(
    ("queued", "sent", "delivered", "bounced", "complained", "failed", "suppressed", "cancelled", "expired", "unknown"),
    0,
)
CANCELLED: Final[Example] = {
    "mailId": "mail_02qxz1m8e4000", "recipientCount": 3, "changed": 2, "counts": {**_COUNTS, "sent": 1, "cancelled": 2},
}  # fmt: skip
RETRIED: Final[Example] = {
    "mailId": "mail_02qxz1m8e4000", "recipientCount": 3, "changed": 1, "counts": {**_COUNTS, "sent": 2, "queued": 1},
}  # fmt: skip
