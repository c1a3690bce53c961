"""The calls about subscriptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from couvert.simulator.setup import ACCOUNT
from couvert.simulator.sns.form import Form, attribute, element, entries, given, map_of
from couvert.simulator.sns.rules import check_endpoint, check_subscription_attributes, invalid

if TYPE_CHECKING:
    from couvert.simulator.sns.topics import Subscription, Topic
    from couvert.simulator.world import World


def subscribe(world: World, form: Form) -> str:
    topic, protocol = world.sns.topics.named(given(form, "TopicArn")), given(form, "Protocol")
    if protocol not in {"http", "https", "sqs"}:
        raise invalid("Protocol Reason: The simulator delivers to http, https and sqs.")
    endpoint, attributes = given(form, "Endpoint"), map_of(form, "Attributes")
    check_endpoint(protocol, endpoint)
    check_subscription_attributes(attributes)
    if protocol == "sqs":
        world.queues.of_arn(endpoint)
    is_raw = attributes.get("RawMessageDelivery", "").lower() == "true"
    made = world.sns.subscribe(topic, protocol, endpoint, is_raw=is_raw)
    shows = form.get("ReturnSubscriptionArn", "").lower() == "true"
    return element("SubscriptionArn", made.arn if shows or made.is_confirmed else "pending confirmation")


def confirm(world: World, form: Form) -> str:
    made = world.sns.topics.confirm(given(form, "TopicArn"), given(form, "Token"))
    return element("SubscriptionArn", made.arn)


def unsubscribe(world: World, form: Form) -> None:
    gone = world.sns.topics.subscription(given(form, "SubscriptionArn"))
    del world.sns.topics.named(gone.topic_arn).subscriptions[gone.arn]


def list_all(world: World, _: Form) -> str:
    return _listed([one for topic in world.sns.topics.by_arn.values() for one in _of(topic)])


def of_topic(world: World, form: Form) -> str:
    return _listed(_of(world.sns.topics.named(given(form, "TopicArn"))))


def _of(topic: Topic) -> list[Subscription]:
    return list(topic.subscriptions.values())


def _listed(subscriptions: list[Subscription]) -> str:
    inner = "".join(
        f"<member>{element('SubscriptionArn', one.shown_arn())}{element('Owner', ACCOUNT)}"
        f"{element('Protocol', one.protocol)}{element('Endpoint', one.endpoint)}"
        f"{element('TopicArn', one.topic_arn)}</member>"
        for one in subscriptions
    )
    return f"<Subscriptions>{inner}</Subscriptions>"


def get_attributes(world: World, form: Form) -> str:
    found = world.sns.topics.subscription(given(form, "SubscriptionArn"))
    return entries(
        {
            "SubscriptionArn": found.arn,
            "TopicArn": found.topic_arn,
            "Protocol": found.protocol,
            "Endpoint": found.endpoint,
            "Owner": ACCOUNT,
            "RawMessageDelivery": str(found.is_raw).lower(),
            "PendingConfirmation": str(not found.is_confirmed).lower(),
        }
    )


def set_attribute(world: World, form: Form) -> None:
    found = world.sns.topics.subscription(given(form, "SubscriptionArn"))
    attributes = attribute(form)
    check_subscription_attributes(attributes)
    if "RawMessageDelivery" in attributes:
        found.is_raw = attributes["RawMessageDelivery"].lower() == "true"
