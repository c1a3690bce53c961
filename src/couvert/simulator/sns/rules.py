"""What SNS refuses to be asked: names, subjects, messages, endpoints and attributes."""

from __future__ import annotations

import re
from typing import Final

from couvert.simulator.errors import AwsError

LONGEST_SUBJECT: Final = 100
LONGEST_MESSAGE_BYTES: Final = 262_144
OF_TOPICS: Final = frozenset({
    "DeliveryPolicy", "DisplayName", "KmsMasterKeyId", "Policy", "SignatureVersion", "TracingConfig",
})  # fmt: skip
OF_SUBSCRIPTIONS: Final = frozenset({"DeliveryPolicy", "RawMessageDelivery", "RedrivePolicy"})
"""Those that SNS knows, without filters: of the others, only what is named in docs/simulator.md does anything here."""


def invalid(words: str) -> AwsError:
    return AwsError("InvalidParameter", f"Invalid parameter: {words}", 400)


def check_topic_name(name: str) -> None:
    if re.fullmatch(r"[A-Za-z0-9_-]{1,256}", name) is None:
        raise invalid("Topic Name")


def check_topic_arn(arn: str) -> None:
    if (elements := len(arn.split(":"))) < 6:
        raise invalid(f"TopicArn Reason: An ARN must have at least 6 elements, not {elements}")


def check_topic_attributes(attributes: dict[str, str]) -> None:
    _check_names(attributes, OF_TOPICS)
    if attributes.get("SignatureVersion", "1") not in {"1", "2"}:
        raise invalid("SignatureVersion is 1 or 2")


def check_subscription_attributes(attributes: dict[str, str]) -> None:
    if attributes.keys() & {"FilterPolicy", "FilterPolicyScope"}:
        raise invalid("Attributes Reason: The simulator filters nothing.")
    _check_names(attributes, OF_SUBSCRIPTIONS)
    is_raw = attributes.get("RawMessageDelivery", "false")
    if is_raw.lower() not in {"true", "false"}:
        raise invalid(f"Attributes Reason: RawMessageDelivery: Invalid value [{is_raw}]. Must be true or false.")


def _check_names(attributes: dict[str, str], known: frozenset[str]) -> None:
    if attributes.keys() - known:
        raise invalid("AttributeName")


def check_endpoint(protocol: str, endpoint: str) -> None:
    if protocol == "sqs" and not endpoint.startswith("arn:aws:sqs:"):
        raise invalid("SQS endpoint ARN")
    if protocol != "sqs" and not endpoint.startswith(f"{protocol}://"):
        raise invalid("Endpoint must match the specified protocol")


def check_message(message: str, subject: str | None, structure: str | None) -> None:
    if not message:
        raise invalid("Empty message")
    if len(message.encode()) > LONGEST_MESSAGE_BYTES:
        raise invalid("Message too long")
    # AWS's documentation says less than 100 characters; 100 are taken.
    if subject is not None and re.fullmatch(rf"[^\x00-\x1f\x7f]{{1,{LONGEST_SUBJECT}}}", subject) is None:
        raise invalid("Subject")
    if structure:
        raise invalid("MessageStructure Reason: The simulator sends the same message to all.")
