"""Messages as receivers see them, with the checksums that clients verify."""

from __future__ import annotations

import base64
from typing import Any

from couvert.simulator.setup import ACCOUNT
from couvert.simulator.sqs.queue import Attributes, Message, md5


def received(message: Message, asked: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "MessageId": message.id,
        "ReceiptHandle": message.receipt,
        "MD5OfBody": message.md5(),
        "Body": message.body,
    }
    wanted = [*(asked.get("AttributeNames") or []), *(asked.get("MessageSystemAttributeNames") or [])]
    if wanted:
        system = _system(message)
        told["Attributes"] = {name: system[name] for name in system if name in wanted or "All" in wanted}
    if attributes := _wanted(message.attributes, asked.get("MessageAttributeNames") or []):
        told["MessageAttributes"] = attributes
        told["MD5OfMessageAttributes"] = attributes_md5(attributes)
    return told


def _system(message: Message) -> dict[str, str]:
    return {
        "SenderId": ACCOUNT,
        "SentTimestamp": str(int(message.sent_at * 1000)),
        "ApproximateReceiveCount": str(message.received),
        "ApproximateFirstReceiveTimestamp": str(int(message.first_received_at * 1000)),
    }


def _wanted(attributes: Attributes, names: list[str]) -> Attributes:
    """`All` or `.*`, a name, or a beginning such as `couvert.*`."""
    beginnings = tuple(name[:-2] for name in names if name.endswith(".*"))
    if "All" in names or ".*" in names:
        return attributes
    return {name: value for name, value in attributes.items() if name in names or name.startswith(beginnings)}


def attributes_md5(attributes: Attributes) -> str:
    """Over names, types and values in the order of names, each after its length in four bytes."""
    parts = bytearray()
    for name in sorted(attributes):
        attribute = attributes[name]
        is_binary = str(attribute["DataType"]).startswith("Binary")
        value = _value(attribute)
        parts += _measured(name.encode()) + _measured(str(attribute["DataType"]).encode())
        parts += (b"\x02" if is_binary else b"\x01") + _measured(value)
    return md5(bytes(parts))


def size_of(body: str, attributes: Attributes) -> int:
    more = (len(name.encode()) + len(str(one["DataType"])) + len(_value(one)) for name, one in attributes.items())
    return len(body.encode()) + sum(more)


def _value(attribute: dict[str, Any]) -> bytes:
    if str(attribute["DataType"]).startswith("Binary"):
        return base64.b64decode(attribute.get("BinaryValue") or "")
    return str(attribute.get("StringValue") or "").encode()


def _measured(text: bytes) -> bytes:
    return len(text).to_bytes(4, "big") + text
