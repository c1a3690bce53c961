"""SNS and STS, which still speak XML: forms in, elements out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from couvert.simulator.errors import AwsError
from couvert.simulator.exchange import Answer, Request
from couvert.simulator.ids import request_id
from couvert.simulator.setup import ACCOUNT

if TYPE_CHECKING:
    from couvert.simulator.sns.topics import Subscription, Topic
    from couvert.simulator.world import World

Form = dict[str, str]

XML: Final = "text/xml"
SNS: Final = "http://sns.amazonaws.com/doc/2010-03-31/"
STS: Final = "https://sts.amazonaws.com/doc/2011-06-15/"
UNSIGNED: Final = frozenset({"ConfirmSubscription", "Unsubscribe"})
"""Called by whoever has the link, as SNS allows."""


def answer(world: World, request: Request) -> Answer:
    form = request.form if request.method == "POST" else request.query
    action = form.get("Action", "")
    if action not in _CALLS:
        raise AwsError("InvalidAction", f"The simulator has no action {action}.", 400)
    world.allow(f"{'sts' if action == 'GetCallerIdentity' else 'sns'}:{action}", "AuthorizationError")
    result = _CALLS[action](world, form)
    space = STS if action == "GetCallerIdentity" else SNS
    inner = f"<{action}Result>{result}</{action}Result>" if result is not None else ""
    meta = f"<ResponseMetadata><RequestId>{request_id()}</RequestId></ResponseMetadata>"
    return Answer(200, f'<{action}Response xmlns="{space}">{inner}{meta}</{action}Response>'.encode(), XML)


def refused(error: AwsError) -> Answer:
    inner = f"<Type>Sender</Type><Code>{error.error_type}</Code><Message>{escape(error.message)}</Message>"
    told = f'<ErrorResponse xmlns="{SNS}"><Error>{inner}</Error><RequestId>{request_id()}</RequestId></ErrorResponse>'
    return Answer(error.status, told.encode(), XML)


def _given(form: Form, name: str) -> str:
    if not form.get(name):
        raise AwsError("InvalidParameter", f"Invalid parameter: {name}", 400)
    return form[name]


def _map(form: Form, name: str) -> dict[str, str]:
    """As `Attributes.entry.1.key=...&Attributes.entry.1.value=...`."""
    keys = {key: value for key, value in form.items() if key.startswith(f"{name}.entry.") and key.endswith(".key")}
    return {value: form.get(f"{key[:-3]}value", "") for key, value in keys.items()}


def _element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def _entries(attributes: dict[str, str]) -> str:
    inner = "".join(
        f"<entry>{_element('key', key)}{_element('value', text)}</entry>" for key, text in attributes.items()
    )
    return f"<Attributes>{inner}</Attributes>"


def _create_topic(world: World, form: Form) -> str:
    arn = world.setup.arn("sns", _given(form, "Name"))
    made = world.sns.topics.create(arn, _map(form, "Attributes").get("SignatureVersion", "1"))
    return _element("TopicArn", made.arn)


def _list_topics(world: World, _: Form) -> str:
    arns = "".join(f"<member>{_element('TopicArn', arn)}</member>" for arn in world.sns.topics.by_arn)
    return f"<Topics>{arns}</Topics>"


def _topic_attributes(world: World, form: Form) -> str:
    topic = world.sns.topics.named(_given(form, "TopicArn"))
    confirmed = sum(one.is_confirmed for one in topic.subscriptions.values())
    return _entries(
        {
            "TopicArn": topic.arn,
            "Owner": ACCOUNT,
            "SignatureVersion": topic.signature_version,
            "SubscriptionsConfirmed": str(confirmed),
            "SubscriptionsPending": str(len(topic.subscriptions) - confirmed),
        }
    )


def _set_topic_attribute(world: World, form: Form) -> None:
    topic = world.sns.topics.named(_given(form, "TopicArn"))
    if form.get("AttributeName") == "SignatureVersion":
        if form.get("AttributeValue") not in {"1", "2"}:
            raise AwsError("InvalidParameter", "Invalid parameter: SignatureVersion is 1 or 2", 400)
        topic.signature_version = form["AttributeValue"]


def _subscribe(world: World, form: Form) -> str:
    topic, protocol = world.sns.topics.named(_given(form, "TopicArn")), _given(form, "Protocol")
    if protocol not in {"http", "https", "sqs"}:
        raise AwsError("InvalidParameter", "The simulator delivers to http, https and sqs.", 400)
    is_raw = _map(form, "Attributes").get("RawMessageDelivery", "").lower() == "true"
    if protocol == "sqs":
        world.queues.of_arn(_given(form, "Endpoint"))
    made = world.sns.subscribe(topic, protocol, _given(form, "Endpoint"), is_raw=is_raw)
    shows = form.get("ReturnSubscriptionArn", "").lower() == "true"
    return _element("SubscriptionArn", made.arn if shows or made.is_confirmed else "pending confirmation")


def _confirm(world: World, form: Form) -> str:
    made = world.sns.topics.confirm(_given(form, "TopicArn"), _given(form, "Token"))
    return _element("SubscriptionArn", made.arn)


def _unsubscribe(world: World, form: Form) -> None:
    gone = world.sns.topics.subscription(_given(form, "SubscriptionArn"))
    del world.sns.topics.named(gone.topic_arn).subscriptions[gone.arn]


def _subscriptions(world: World, _: Form) -> str:
    return _listed([one for topic in world.sns.topics.by_arn.values() for one in _of(topic)])


def _subscriptions_of_topic(world: World, form: Form) -> str:
    return _listed(_of(world.sns.topics.named(_given(form, "TopicArn"))))


def _of(topic: Topic) -> list[Subscription]:
    return list(topic.subscriptions.values())


def _listed(subscriptions: list[Subscription]) -> str:
    inner = "".join(
        f"<member>{_element('SubscriptionArn', one.shown_arn())}{_element('Owner', ACCOUNT)}"
        f"{_element('Protocol', one.protocol)}{_element('Endpoint', one.endpoint)}"
        f"{_element('TopicArn', one.topic_arn)}</member>"
        for one in subscriptions
    )
    return f"<Subscriptions>{inner}</Subscriptions>"


def _subscription_attributes(world: World, form: Form) -> str:
    found = world.sns.topics.subscription(_given(form, "SubscriptionArn"))
    return _entries(
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


def _set_subscription_attribute(world: World, form: Form) -> None:
    found = world.sns.topics.subscription(_given(form, "SubscriptionArn"))
    if form.get("AttributeName") == "RawMessageDelivery":
        found.is_raw = form.get("AttributeValue", "").lower() == "true"


def _publish(world: World, form: Form) -> str:
    arn = form.get("TopicArn") or _given(form, "TargetArn")
    return _element("MessageId", world.sns.publish(arn, _given(form, "Message"), form.get("Subject")))


def _caller(_: World, __: Form) -> str:
    user = f"arn:aws:iam::{ACCOUNT}:user/simulator"
    return _element("Arn", user) + _element("UserId", "AIDASIMULATOR") + _element("Account", ACCOUNT)


_CALLS: Final[dict[str, Callable[[World, Form], str | None]]] = {
    "CreateTopic": _create_topic,
    "ListTopics": _list_topics,
    "GetTopicAttributes": _topic_attributes,
    "SetTopicAttributes": _set_topic_attribute,
    "Subscribe": _subscribe,
    "ConfirmSubscription": _confirm,
    "Unsubscribe": _unsubscribe,
    "ListSubscriptions": _subscriptions,
    "ListSubscriptionsByTopic": _subscriptions_of_topic,
    "GetSubscriptionAttributes": _subscription_attributes,
    "SetSubscriptionAttributes": _set_subscription_attribute,
    "Publish": _publish,
    "GetCallerIdentity": _caller,
}
