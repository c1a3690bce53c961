"""SNS and STS, which still speak XML: forms in, elements out."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from couvert.simulator.errors import AwsError
from couvert.simulator.exchange import Answer, Request
from couvert.simulator.ids import request_id
from couvert.simulator.setup import ACCOUNT
from couvert.simulator.sns import subscription_calls, topic_calls
from couvert.simulator.sns.form import Form, element

if TYPE_CHECKING:
    from couvert.simulator.world import World

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


def _caller(_: World, __: Form) -> str:
    user = f"arn:aws:iam::{ACCOUNT}:user/simulator"
    return element("Arn", user) + element("UserId", "AIDASIMULATOR") + element("Account", ACCOUNT)


_CALLS: Final[dict[str, Callable[[World, Form], str | None]]] = {
    "CreateTopic": topic_calls.create,
    "ListTopics": topic_calls.list_all,
    "GetTopicAttributes": topic_calls.get_attributes,
    "SetTopicAttributes": topic_calls.set_attribute,
    "Publish": topic_calls.publish,
    "Subscribe": subscription_calls.subscribe,
    "ConfirmSubscription": subscription_calls.confirm,
    "Unsubscribe": subscription_calls.unsubscribe,
    "ListSubscriptions": subscription_calls.list_all,
    "ListSubscriptionsByTopic": subscription_calls.of_topic,
    "GetSubscriptionAttributes": subscription_calls.get_attributes,
    "SetSubscriptionAttributes": subscription_calls.set_attribute,
    "GetCallerIdentity": _caller,
}
