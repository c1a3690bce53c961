"""The calls about queues themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from couvert.simulator.errors import AwsError
from couvert.simulator.sqs.asked import Asked, text
from couvert.simulator.sqs.queues import NAMED

if TYPE_CHECKING:
    from couvert.simulator.sqs.queue import Queue
    from couvert.simulator.world import World


def queue_of(world: World, asked: Asked) -> Queue:
    """The one that a call is about."""
    return world.queues.of_url(text(asked, "QueueUrl"))


def create(world: World, asked: Asked) -> Asked:
    return {"QueueUrl": world.queues.create(text(asked, "QueueName"), asked.get("Attributes")).url}


def url(world: World, asked: Asked) -> Asked:
    return {"QueueUrl": world.queues.named(text(asked, "QueueName")).url}


def list_all(world: World, asked: Asked) -> Asked:
    prefix = asked.get("QueueNamePrefix") or ""
    return {"QueueUrls": [queue.url for name, queue in world.queues.by_name.items() if name.startswith(prefix)]}


def attributes(world: World, asked: Asked) -> Asked:
    queue, wanted = queue_of(world, asked), asked.get("AttributeNames") or []
    for name in wanted:
        if name not in NAMED:
            raise AwsError("InvalidAttributeName", f"Unknown Attribute {name}.")
    found = {**queue.attributes, **queue.counts(), "QueueArn": queue.arn}
    return {"Attributes": {name: found[name] for name in found if name in wanted or "All" in wanted}}


def set_attributes(world: World, asked: Asked) -> Asked:
    world.queues.change(queue_of(world, asked), asked.get("Attributes") or {})
    return {}


def delete(world: World, asked: Asked) -> Asked:
    del world.queues.by_name[queue_of(world, asked).name]
    return {}


def purge(world: World, asked: Asked) -> Asked:
    queue_of(world, asked).purge()
    return {}
