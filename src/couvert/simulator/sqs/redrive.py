"""Redrive policies: which queue gets a message that was received too often, and how often is too often."""

from __future__ import annotations

import json
from collections.abc import Container
from typing import Any, Final, NamedTuple

from couvert.simulator.errors import AwsError
from couvert.simulator.sqs.asked import wrong

MOST_RECEPTIONS: Final = 1_000


class Redrive(NamedTuple):
    dead_letter_arn: str
    receptions: int


def redrive_or_none(attributes: dict[str, str]) -> Redrive | None:
    """As it was checked when it was set; an empty one is none."""
    policy = json.loads(attributes.get("RedrivePolicy") or "{}")
    return Redrive(str(policy["deadLetterTargetArn"]), int(policy["maxReceiveCount"])) if policy else None


def check_redrive(text: str, known_arns: Container[str]) -> None:
    policy = _policy(text)
    if not policy:
        return
    for name in ("deadLetterTargetArn", "maxReceiveCount"):
        if policy.get(name) in {None, ""}:
            raise _refused(text, f"Redrive policy does not contain mandatory attribute: {name}.")
    receptions = str(policy["maxReceiveCount"])
    if not (receptions.isdecimal() and 1 <= int(receptions) <= MOST_RECEPTIONS):
        rule = f"valid values are from 1 to {MOST_RECEPTIONS} both inclusive."
        raise _refused(text, f"Invalid value for maxReceiveCount: {receptions}, {rule}")
    if policy["deadLetterTargetArn"] not in known_arns:
        raise _refused(text, "Dead letter target does not exist.")


def _policy(text: str) -> dict[str, Any]:
    try:
        policy = json.loads(text or "{}")
    except ValueError:
        policy = None
    if not isinstance(policy, dict):
        raise _refused(text, "Redrive policy is not a valid JSON map.")
    return policy


def _refused(text: str, reason: str) -> AwsError:
    return wrong("RedrivePolicy", text, reason)
