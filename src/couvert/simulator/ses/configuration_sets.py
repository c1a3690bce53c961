"""Configuration sets, and where each publishes what becomes of mail."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

import msgspec

from couvert.simulator.errors import AwsError
from couvert.simulator.exchange import Reply, Request, json_answer
from couvert.simulator.setup import EVERY_EVENT, EventDestination

if TYPE_CHECKING:
    from couvert.simulator.world import World

NAME_RULE: Final = "only alphanumeric ASCII characters, '_', and '-' are allowed, 64 at most."
KINDS: Final = frozenset({*EVERY_EVENT, "OPEN", "CLICK", "SUBSCRIPTION"})


def list_all(world: World, _: Request) -> Reply:
    return json_answer({"ConfigurationSets": list(world.setup.configuration_sets)})


def create(world: World, request: Request) -> Reply:
    name = str(_asked(request).get("ConfigurationSetName") or "")
    if not name:
        raise AwsError("BadRequestException", "Missing required parameter: ConfigurationSetName")
    if re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) is None:
        raise AwsError("BadRequestException", f"Invalid configuration set name <{name}>: {NAME_RULE}")
    if name in world.setup.configuration_sets:
        raise AwsError("AlreadyExistsException", f"Configuration set <{name}> already exists.")
    world.setup.configuration_sets[name] = {}
    return json_answer({})


def get(world: World, _: Request, name: str) -> Reply:
    world.setup.destinations(unquote(name))
    return json_answer(
        {
            "ConfigurationSetName": unquote(name),
            "DeliveryOptions": {"TlsPolicy": "OPTIONAL"},
            "ReputationOptions": {"ReputationMetricsEnabled": True},
            "SendingOptions": {"SendingEnabled": unquote(name) not in world.setup.paused_sets},
            "SuppressionOptions": {"SuppressedReasons": ["BOUNCE", "COMPLAINT"]},
            "Tags": [],
        }
    )


def put_sending(world: World, request: Request, name: str) -> Reply:
    world.setup.destinations(unquote(name))
    if _asked(request).get("SendingEnabled"):
        world.setup.paused_sets.discard(unquote(name))
    else:
        world.setup.paused_sets.add(unquote(name))
    return json_answer({})


def delete(world: World, _: Request, name: str) -> Reply:
    world.setup.destinations(unquote(name))
    del world.setup.configuration_sets[unquote(name)]
    return json_answer({})


def get_destinations(world: World, _: Request, name: str) -> Reply:
    found = world.setup.destinations(unquote(name)).values()
    return json_answer({"EventDestinations": [_shown(one) for one in found]})


def create_destination(world: World, request: Request, name: str) -> Reply:
    destinations, asked = world.setup.destinations(unquote(name)), _asked(request)
    called = str(asked.get("EventDestinationName") or "")
    if called in destinations:
        raise AwsError("AlreadyExistsException", f"An event destination with name {called} already exists.")
    destinations[called] = _destination(called, asked.get("EventDestination") or {})
    return json_answer({})


def put_destination(world: World, request: Request, name: str, called: str) -> Reply:
    destinations = world.setup.destinations(unquote(name))
    if unquote(called) not in destinations:
        raise AwsError("NotFoundException", f"An event destination with name {unquote(called)} does not exist.")
    destinations[unquote(called)] = _destination(unquote(called), _asked(request).get("EventDestination") or {})
    return json_answer({})


def delete_destination(world: World, _: Request, name: str, called: str) -> Reply:
    if world.setup.destinations(unquote(name)).pop(unquote(called), None) is None:
        raise AwsError("NotFoundException", f"An event destination with name {unquote(called)} does not exist.")
    return json_answer({})


def _asked(request: Request) -> dict[str, Any]:
    return msgspec.json.decode(request.body, type=dict[str, Any])


def _destination(name: str, asked: dict[str, Any]) -> EventDestination:
    kinds = frozenset(asked.get("MatchingEventTypes") or ())
    if not name or not kinds or kinds - KINDS:
        words = f"An event destination has a name, and some of the event types {', '.join(sorted(KINDS))}."
        raise AwsError("BadRequestException", words)
    return EventDestination(
        name,
        (asked.get("SnsDestination") or {}).get("TopicArn"),
        kinds,
        is_enabled=bool(asked.get("Enabled")),
        other={key: value for key, value in asked.items() if key.endswith("Destination")},
    )


def _shown(one: EventDestination) -> dict[str, Any]:
    where = one.other or {"SnsDestination": {"TopicArn": one.topic_arn}}
    types = [name for name in EVERY_EVENT if name in one.event_types]
    others = sorted(one.event_types - set(EVERY_EVENT))
    return {"Name": one.name, "Enabled": one.is_enabled, "MatchingEventTypes": [*types, *others], **where}
