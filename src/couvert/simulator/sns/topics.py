"""Topics and who subscribed to them."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass, field

from couvert.simulator.errors import AwsError
from couvert.simulator.sns.rules import check_topic_arn


@dataclass
class Subscription:
    arn: str
    topic_arn: str
    protocol: str
    endpoint: str
    token: str
    is_raw: bool = False
    is_confirmed: bool = False

    def shown_arn(self) -> str:
        return self.arn if self.is_confirmed else "PendingConfirmation"


@dataclass
class Topic:
    arn: str
    signature_version: str = "1"
    subscriptions: dict[str, Subscription] = field(default_factory=dict)


@dataclass
class Topics:
    by_arn: dict[str, Topic] = field(default_factory=dict)

    def named(self, arn: str) -> Topic:
        check_topic_arn(arn)
        if arn not in self.by_arn:
            raise AwsError("NotFound", "Topic does not exist", 404)
        return self.by_arn[arn]

    def create(self, arn: str, signature_version: str = "1") -> Topic:
        return self.by_arn.setdefault(arn, Topic(arn, signature_version))

    def subscribe(self, topic: Topic, protocol: str, endpoint: str, *, is_raw: bool) -> Subscription:
        """Whoever is subscribed already stays so. Queues of the account need not confirm."""
        for known in topic.subscriptions.values():
            if (known.protocol, known.endpoint) == (protocol, endpoint):
                return known
        made = Subscription(
            arn=f"{topic.arn}:{uuid.uuid4()}",
            topic_arn=topic.arn,
            protocol=protocol,
            endpoint=endpoint,
            token=secrets.token_hex(96),
            is_raw=is_raw,
            is_confirmed=protocol == "sqs",
        )
        topic.subscriptions[made.arn] = made
        return made

    def confirm(self, topic_arn: str, token: str) -> Subscription:
        for subscription in self.named(topic_arn).subscriptions.values():
            if secrets.compare_digest(subscription.token.encode(), token.encode()):
                subscription.is_confirmed = True
                return subscription
        raise AwsError("InvalidParameter", "Invalid token", 400)

    def subscription(self, arn: str) -> Subscription:
        for topic in self.by_arn.values():
            if arn in topic.subscriptions:
                return topic.subscriptions[arn]
        raise AwsError("NotFound", "Subscription does not exist", 404)
