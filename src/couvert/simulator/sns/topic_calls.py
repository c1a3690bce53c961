"""The calls about topics, and what is published on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from couvert.simulator.setup import ACCOUNT
from couvert.simulator.sns.form import Form, attribute, element, entries, given, map_of
from couvert.simulator.sns.rules import check_message, check_topic_attributes, check_topic_name, invalid

if TYPE_CHECKING:
    from couvert.simulator.world import World


def create(world: World, form: Form) -> str:
    name, attributes = given(form, "Name"), map_of(form, "Attributes")
    check_topic_name(name)
    check_topic_attributes(attributes)
    version = attributes.get("SignatureVersion")
    made = world.sns.topics.create(world.setup.arn("sns", name), version or "1")
    if version not in {None, made.signature_version}:
        raise invalid("Attributes Reason: Topic already exists with different attributes")
    return element("TopicArn", made.arn)


def list_all(world: World, _: Form) -> str:
    arns = "".join(f"<member>{element('TopicArn', arn)}</member>" for arn in world.sns.topics.by_arn)
    return f"<Topics>{arns}</Topics>"


def get_attributes(world: World, form: Form) -> str:
    topic = world.sns.topics.named(given(form, "TopicArn"))
    confirmed = sum(one.is_confirmed for one in topic.subscriptions.values())
    return entries(
        {
            "TopicArn": topic.arn,
            "Owner": ACCOUNT,
            "SignatureVersion": topic.signature_version,
            "SubscriptionsConfirmed": str(confirmed),
            "SubscriptionsPending": str(len(topic.subscriptions) - confirmed),
        }
    )


def set_attribute(world: World, form: Form) -> None:
    topic = world.sns.topics.named(given(form, "TopicArn"))
    attributes = attribute(form)
    check_topic_attributes(attributes)
    topic.signature_version = attributes.get("SignatureVersion", topic.signature_version)


def publish(world: World, form: Form) -> str:
    arn = form.get("TopicArn") or given(form, "TargetArn")
    message, subject = form.get("Message", ""), form.get("Subject")
    check_message(message, subject, form.get("MessageStructure"))
    return element("MessageId", world.sns.publish(arn, message, subject))
