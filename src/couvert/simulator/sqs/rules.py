"""What SQS refuses in a message: its characters and its attributes.

The limits are those of its developer's guide; the words are what SQS was seen to answer with, odd as some are.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from couvert.simulator.errors import AwsError
from couvert.simulator.sqs.queue import Attributes

MOST_ATTRIBUTES: Final = 10
LONGEST_NAME_BYTES: Final = 255
LARGEST_NUMBER: Final = Decimal(10) ** 126

_FORBIDDEN: Final = re.compile("[^\\x09\\x0a\\x0d\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
_FORBIDDEN_WORDS: Final = (
    "Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | "
    "#x10000 to #x10FFFF"
)
_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_RESERVED: Final = ("aws.", "amazon.", ".")


def check_characters(body: str) -> None:
    if _FORBIDDEN.search(body):
        raise AwsError("InvalidMessageContents", _FORBIDDEN_WORDS)


def check_attributes(attributes: Attributes) -> None:
    """Of an entry of a batch too: the others of the batch are taken all the same."""
    if (number := len(attributes)) > MOST_ATTRIBUTES:
        raise _wrong(f"Number of message attributes [{number}] exceeds the allowed maximum [{MOST_ATTRIBUTES}].")
    for name, attribute in attributes.items():
        _check_name(name)
        _check_type(attribute.get("DataType"))
        _check_value(name, attribute)


def _check_name(name: str) -> None:
    if len(name.encode()) > LONGEST_NAME_BYTES:
        raise _wrong("Message (user) attribute names must be shorter than 256 Bytes")
    if re.fullmatch(r"[A-Za-z0-9_.-]+", name) is None:
        raise _wrong(
            "Message (user) attributes name can only contain upper and lower score characters, digits, periods, "
            "hyphens and underscores. "
        )
    if name.lower().startswith(_RESERVED) or name.endswith("."):
        raise _wrong(
            "You can't use message attribute names beginning with 'AWS.' or 'Amazon.'. These strings are reserved for "
            "internal use. Additionally, they cannot start or end with '.'."
        )
    if ".." in name:
        raise _wrong("Message (user) attribute name must not have successive '.' characters.")


def _check_type(kind: Any) -> None:
    if not kind:
        raise _wrong("Missing required parameter DataType")
    if kind.partition(".")[0] not in {"String", "Number", "Binary"}:
        raise _wrong(
            'Type for parameter MessageAttributes.Attribute_name.DataType must be prefixed with "String", "Binary", or '
            f'"Number", but was: {kind}'
        )
    if len(kind.encode()) > LONGEST_NAME_BYTES:
        raise _wrong("Message (user) attribute types must be shorter than 256 Bytes")


def _check_value(name: str, attribute: dict[str, Any]) -> None:
    kind = attribute["DataType"].partition(".")[0]
    value = attribute.get("BinaryValue" if kind == "Binary" else "StringValue")
    if not value:
        raise _wrong(f"Message (user) attribute '{name}' must contain a non-empty value of type '{kind}'.")
    if kind == "String" and _FORBIDDEN.search(value):
        raise _wrong(_FORBIDDEN_WORDS)
    if kind == "Number" and not (_NUMBER.fullmatch(value) and abs(Decimal(value)) <= LARGEST_NUMBER):
        raise _wrong(f"Can't cast the value of message (user) attribute '{name}' to a number.")


def _wrong(words: str) -> AwsError:
    return AwsError("InvalidParameterValue", words)
