"""Sends what is published on a topic to its subscribers, as often as SNS would try."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from couvert.simulator.notices.events import stamp
from couvert.simulator.sns.post import Poster
from couvert.simulator.sns.signer import Signer
from couvert.simulator.sns.topics import Subscription, Topic, Topics

if TYPE_CHECKING:
    from couvert.simulator.world import World

SENDERS: Final = 8
WAITS_SECONDS: Final = (0, 0, 0, 1, 1, *range(1, 21, 2), *(20,) * 35)
"""SNS's own: three at once, two a second apart, ten ever slower, then every 20 seconds."""

Envelope = dict[str, str]


class _Due(NamedTuple):
    subscription: Subscription
    envelope: Envelope
    is_forged: bool = False
    tried: int = 0


class Sns:
    def __init__(self, world: World) -> None:
        self._world = world
        self.signer = Signer()
        self.topics = Topics()
        self._due: deque[_Due] = deque()
        self._wanted = asyncio.Semaphore(0)
        self._poster = Poster()
        self._retries: set[asyncio.TimerHandle] = set()
        self.under_way = 0

    def clear(self) -> None:
        self.topics = Topics()
        self._due.clear()
        for timer in self._retries:
            timer.cancel()
        self._retries.clear()

    def waiting(self) -> int:
        return len(self._due) + len(self._retries) + self.under_way

    def publish(self, topic_arn: str, message: str, subject: str | None = None) -> str:
        """Its message id."""
        topic = self.topics.named(topic_arn)
        envelope = _notification(topic, message, subject)
        is_forged = self._world.faults.notices.bad_signature.strikes()
        for subscription in topic.subscriptions.values():
            if subscription.is_confirmed:
                to_all = {**envelope, "UnsubscribeURL": self._unsubscribe(subscription)}
                self._put(_Due(subscription, to_all, is_forged))
        return envelope["MessageId"]

    def subscribe(self, topic: Topic, protocol: str, endpoint: str, *, is_raw: bool = False) -> Subscription:
        made = self.topics.subscribe(topic, protocol, endpoint, is_raw=is_raw)
        if not made.is_confirmed:
            self._put(_Due(made, self._confirmation(topic, made)))
        return made

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(SENDERS):
                    group.create_task(self._send_for_ever())
        finally:
            self._poster.close()

    def _put(self, due: _Due) -> None:
        # A queue that gets the bare message needs no signature, so nothing that could wait.
        if due.subscription.protocol == "sqs" and due.subscription.is_raw:
            self._enqueue(due.subscription, due.envelope["Message"])
            return
        self._due.append(due)
        self._wanted.release()

    async def _send_for_ever(self) -> None:
        while True:
            await self._wanted.acquire()
            if not self._due:
                continue
            due = self._due.popleft()
            self.under_way += 1
            try:
                # The signature takes half a millisecond and lets go of the interpreter meanwhile.
                await self._deliver(due if due.tried else await asyncio.to_thread(self._signed, due))
            finally:
                self.under_way -= 1

    def _signed(self, due: _Due) -> _Due:
        envelope = {**due.envelope, "SigningCertURL": self._world.url + self.signer.certificate_path}
        signed = {**envelope, "Message": "Something else."} if due.is_forged else envelope
        return due._replace(envelope={**envelope, "Signature": self.signer.signature(signed)})

    async def _deliver(self, due: _Due) -> None:
        if due.subscription.protocol == "sqs":
            self._enqueue(due.subscription, _json(due.envelope).decode())
        elif not await self._posted(due) and due.tried + 1 < len(WAITS_SECONDS):
            self._try_later(due._replace(tried=due.tried + 1))

    def _enqueue(self, subscription: Subscription, body: str) -> None:
        """A queue that was deleted gets nothing, and keeps nobody else from theirs."""
        queue = self._world.queues.of_arn_or_none(subscription.endpoint)
        if queue is not None:
            queue.put(body)

    async def _posted(self, due: _Due) -> bool:
        subscription, envelope = due.subscription, due.envelope
        is_raw = subscription.is_raw and envelope["Type"] == "Notification"
        body = envelope["Message"].encode() if is_raw else _json(envelope)
        try:
            status = await self._poster.post(
                subscription.endpoint, _headers(subscription, envelope, is_raw=is_raw), body
            )
        except (OSError, TimeoutError):
            return False
        # What the subscriber says is its own fault is not tried again.
        return 200 <= status < 300 or (400 <= status < 500 and status != 429)

    def _try_later(self, due: _Due) -> None:
        def again() -> None:
            self._retries.discard(timer)
            self._put(due)

        timer = asyncio.get_running_loop().call_later(WAITS_SECONDS[due.tried], again)
        self._retries.add(timer)

    def _confirmation(self, topic: Topic, subscription: Subscription) -> Envelope:
        query = f"?Action=ConfirmSubscription&TopicArn={topic.arn}&Token={subscription.token}"
        return {
            "Type": "SubscriptionConfirmation",
            "MessageId": str(uuid.uuid4()),
            "Token": subscription.token,
            "TopicArn": topic.arn,
            "Message": (
                f"You have chosen to subscribe to the topic {topic.arn}.\nTo confirm the subscription, visit the "
                "SubscribeURL included in this message."
            ),
            "SubscribeURL": f"{self._world.url}/{query}",
            "Timestamp": stamp(time.time()),
            "SignatureVersion": topic.signature_version,
        }

    def _unsubscribe(self, subscription: Subscription) -> str:
        return f"{self._world.url}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}"


def _notification(topic: Topic, message: str, subject: str | None) -> Envelope:
    envelope = {"Type": "Notification", "MessageId": str(uuid.uuid4()), "TopicArn": topic.arn}
    if subject is not None:
        envelope["Subject"] = subject
    return envelope | {
        "Message": message,
        "Timestamp": stamp(time.time()),
        "SignatureVersion": topic.signature_version,
    }


def _headers(subscription: Subscription, envelope: Envelope, *, is_raw: bool) -> dict[str, str]:
    headers = {
        "x-amz-sns-message-type": envelope["Type"],
        "x-amz-sns-message-id": envelope["MessageId"],
        "x-amz-sns-topic-arn": subscription.topic_arn,
        "Content-Type": "text/plain; charset=UTF-8",
        "User-Agent": "Amazon Simple Notification Service Agent",
    }
    if envelope["Type"] == "Notification":
        headers["x-amz-sns-subscription-arn"] = subscription.arn
    if is_raw:
        headers["x-amz-sns-rawdelivery"] = "true"
    return headers


_json: Final = msgspec.json.Encoder().encode
