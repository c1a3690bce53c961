"""Notices as Amazon SES writes them, and the envelopes of Amazon SNS around them."""

import base64
import json
from datetime import UTC, datetime
from typing import Any, Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.x509.oid import NameOID

from couvert.domain import sns, tags

NoticeKind = Literal[
    "Send", "Delivery", "hard bounce", "soft bounce", "undetermined bounce", "content bounce", "Complaint",
    "DeliveryDelay", "Reject", "Rendering Failure", "Open",
]  # fmt: skip
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses"
AT = "2027-01-15T08:00:00.000Z"  # the tests' clock
CERTIFICATE_URL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"

_BOUNCES = {
    "hard bounce": ("Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown"),
    "soft bounce": ("Transient", "MailboxFull", "4.2.2", "smtp; 452 4.2.2 mailbox full"),
    "undetermined bounce": ("Undetermined", "Undetermined", None, None),
    "content bounce": ("Permanent", "General", "5.7.1", "smtp; 554 5.7.1 looks like spam"),
}


def ses_notice(
    kind: NoticeKind,
    *recipients: str,
    tagged: tuple[int, int] | None = None,
    provider_id: str = "ses-1",
    is_old_form: bool = False,
    own_id: str | None = None,
    at: str = AT,
) -> bytes:
    """About these recipients; `tagged` by delivery and attempt."""
    name = "Bounce" if kind.endswith("bounce") else kind
    mail: dict[str, Any] = {"timestamp": AT, "messageId": provider_id, "destination": list(recipients)}
    mail["tags"] = {"ses:configuration-set": ["couvert"]}
    if tagged:
        mail["tags"] |= {tag: [value] for tag, value in tags.tags(*tagged).items()}
    if own_id:
        mail["headers"] = [{"name": "From", "value": "alice@example.com"}, {"name": "Message-ID", "value": own_id}]
    told = {"notificationType" if is_old_form else "eventType": name, "mail": mail, **_told(kind, recipients, at)}
    return json.dumps(told).encode()


def _told(kind: NoticeKind, recipients: tuple[str, ...], at: str) -> dict[str, Any]:
    each = [{"emailAddress": address} for address in recipients]
    match kind:
        case "Send":
            return {"send": {}}
        case "Delivery":
            return {"delivery": {"timestamp": at, "recipients": list(recipients), "smtpResponse": "250 2.0.0 ok"}}
        case "Complaint":
            told = {"timestamp": at, "complainedRecipients": each, "complaintFeedbackType": "abuse"}
            return {"complaint": told}
        case "DeliveryDelay":
            return {"deliveryDelay": {"timestamp": at, "delayType": "MailboxFull", "delayedRecipients": each}}
        case "Reject":
            return {"reject": {"reason": "Bad content"}}
        case "Rendering Failure":
            return {"failure": {"errorMessage": "no such attribute", "templateName": "t"}}
        case "Open":
            return {"open": {"timestamp": at}}
        case _:
            bounce_type, subtype, status, diagnosis = _BOUNCES[kind]
            more = {"action": "failed", "status": status, "diagnosticCode": diagnosis}
            bounced = [{**one, **{name: value for name, value in more.items() if value}} for one in each]
            told = {"bounceType": bounce_type, "bounceSubType": subtype, "bouncedRecipients": bounced, "timestamp": at}
            return {"bounce": told}


def in_envelope(notice: bytes, **changes: Any) -> bytes:
    """As SNS hands it to SQS, or by HTTPS but for the signature."""
    return json.dumps(envelope(notice, **changes)).encode()


def envelope(notice: bytes, **changes: Any) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": notice.decode(),
        "Timestamp": AT,
        **changes,
    }


class Signer:
    """Amazon's key and certificate, made here."""

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.amazonaws.com")])
        builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(self._key.public_key())
        builder = builder.serial_number(1).not_valid_before(_year(2020)).not_valid_after(_year(2040))
        self.certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def signed(self, message: dict[str, Any], version: str = "2", url: str = CERTIFICATE_URL) -> bytes:
        message = {**message, "SignatureVersion": version, "SigningCertURL": url}
        digest = hashes.SHA1() if version == "1" else hashes.SHA256()
        signature = self._key.sign(sns.signed_text(message), PKCS1v15(), digest)
        return json.dumps({**message, "Signature": base64.b64encode(signature).decode()}).encode()


def _year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)
