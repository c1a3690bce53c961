"""What a call was asked with, member by member."""

from __future__ import annotations

from typing import Any

from couvert.simulator.errors import AwsError

Asked = dict[str, Any]


def text(asked: Asked, name: str) -> str:
    if not isinstance(asked.get(name), str):
        raise missing(name)
    return str(asked[name])


def number(asked: Asked, name: str, default: str | float, least: int, most: int) -> int:
    value = asked.get(name)
    found = int(default if value is None else value)
    if not least <= found <= most:
        raise wrong(name, found, f"Must be between {least} and {most}, if provided.")
    return found


def missing(name: str) -> AwsError:
    return AwsError("MissingParameter", f"The request must contain the parameter {name}.")


def wrong(name: str, value: object, reason: str) -> AwsError:
    return AwsError("InvalidParameterValue", f"Value {value} for parameter {name} is invalid. Reason: {reason}")
