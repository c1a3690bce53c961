"""Events as AWS makes them."""

import base64
import hashlib
from typing import Any

from tests.workers.queue.post import body


def sqs_event(*messages: dict[str, Any]) -> dict[str, Any]:
    return {"Records": list(messages)}


def record(text: str, **attributes: str) -> dict[str, Any]:
    """One message; its MessageId is its body's, so that it is the same whenever it comes."""
    return {
        "messageId": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        "receiptHandle": "AQEB",
        "body": text,
        "attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1737973800000"},
        "messageAttributes": {
            name.replace("_", "-"): {
                "stringValue": value,
                "stringListValues": [],
                "binaryListValues": [],
                "dataType": "String",
            }
            for name, value in attributes.items()
        },
        "md5OfBody": hashlib.md5(text.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:mmms-email-processing-queue",
        "awsRegion": "eu-west-1",
    }


def mails(*recipients: str) -> dict[str, Any]:
    """A batch with a message to each."""
    return sqs_event(
        *(record(body(recipient_email=recipient, email_recipient_id=recipient)) for recipient in recipients)
    )


SCHEDULE = {
    "version": "0",
    "id": "53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa",
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "account": "123456789012",
    "time": "2026-11-22T08:00:00Z",
    "region": "eu-west-1",
    "resources": ["arn:aws:events:eu-west-1:123456789012:rule/every-minute"],
    "detail": {},
}


def request(
    method: str, path: str, content: str | bytes | None = None, headers: dict[str, str] | None = None, query: str = ""
) -> dict[str, Any]:
    """As a function URL and an HTTP API have it, payload format 2.0."""
    host = "abcdefghijklmnopqrstuvwxyz012345.lambda-url.eu-west-1.on.aws"
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": {"host": host, "x-forwarded-for": "203.0.113.7", "x-forwarded-proto": "https", **(headers or {})},
        "requestContext": {
            "accountId": "anonymous",
            "apiId": "abcdefghijklmnopqrstuvwxyz012345",
            "domainName": host,
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "203.0.113.7",
                "userAgent": "curl/8",
            },
            "requestId": "4711",
            "routeKey": "$default",
            "stage": "$default",
            "time": "22/Nov/2026:08:00:00 +0000",
            "timeEpoch": 1795334400000,
        },
        "isBase64Encoded": isinstance(content, bytes),
    }
    if content is not None:
        event["body"] = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    return event
