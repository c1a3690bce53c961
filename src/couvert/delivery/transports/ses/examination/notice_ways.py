"""Whether what SES publishes reaches us: by a topic that is subscribed to, over HTTPS or into our queue."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from couvert.delivery.aws import Aws, AwsTrouble, NotAllowed, NotThere
from couvert.delivery.sqs import Queue, QueueRefused, QueueTrouble
from couvert.delivery.transports.ses.examination.told import Told

PATH: Final = "/v2/provider/ses"
_PENDING: Final = "PendingConfirmation"


async def notice_ways(told: Told) -> None:
    around = told.around
    if not around.notice_topics and around.notice_queue is None:
        told.wrong(
            "notices",
            "there is no way for them: set COUVERT_SES_TOPICS for SNS over HTTPS, or COUVERT_NOTICE_QUEUE_URL for SQS",
        )
        return
    queue = await _queue_arn(around.notice_queue, told.options.endpoint) if around.notice_queue else None
    heard = set(around.notice_topics)
    for topic in sorted(heard | told.topics if queue else heard):
        await _look_at(told, topic, queue)
    unheard = told.topics - heard
    if unheard and queue is None:
        told.wrong("notices", f"SES publishes to {', '.join(sorted(unheard))}: add that to COUVERT_SES_TOPICS")


async def _queue_arn(address: str, endpoint: str | None) -> str:
    """What else there is to say about the queue, another check does. Raises `AwsTrouble`."""
    try:
        queue = Queue(address, endpoint)
    except ValueError as fault:
        raise AwsTrouble(str(fault)) from None
    try:
        return (await queue.state()).arn
    except QueueRefused as refusal:
        if refusal.is_forbidden:
            raise NotAllowed(refusal.right) from None
        raise AwsTrouble(str(refusal)) from None
    except QueueTrouble as trouble:
        raise AwsTrouble(str(trouble)) from None
    finally:
        await queue.close()


async def _look_at(told: Told, topic: str, queue: str | None) -> None:
    aws = Aws(topic.split(":")[3], told.options.endpoint)
    try:
        subscribed = await aws.ask_all("sns", "ListSubscriptionsByTopic", "Subscriptions", TopicArn=topic)
    except NotThere:
        told.wrong("notices", f"the topic {topic} does not exist: create it, or correct COUVERT_SES_TOPICS")
        return
    if told.topics and topic not in told.topics:
        told.wrong("notices", f"SES publishes nothing to {topic}: make it the configuration set's event destination")
    ours = [one for one in subscribed if _is_ours(told, one, queue)]
    confirmed = [one for one in ours if one["SubscriptionArn"] != _PENDING]
    if confirmed:
        await _judge(told, aws, topic, confirmed)
    elif ours:
        sentence = f"{ours[0]['Endpoint']} has not confirmed its subscription to {topic}"
        told.wrong("notices", f"{sentence}: SNS must reach it from outside; then let SNS ask again")
    else:
        told.wrong("notices", f"nothing of ours is subscribed to {topic}: subscribe {_wanted(told, queue)}")


def _is_ours(told: Told, subscription: dict[str, Any], queue: str | None) -> bool:
    endpoint = str(subscription.get("Endpoint"))
    if subscription.get("Protocol") == "sqs":
        return endpoint == queue
    url = told.around.notice_url
    return endpoint == url if url else urlsplit(endpoint).path == PATH


def _wanted(told: Told, queue: str | None) -> str:
    return queue or told.around.notice_url or f"https://YOUR-HOST{PATH} (and set COUVERT_PUBLIC_URL)"


async def _judge(told: Told, aws: Aws, topic: str, confirmed: Sequence[dict[str, Any]]) -> None:
    for one in confirmed:
        if one["Protocol"] == "sqs":
            continue  # raw or not, both are read
        said = await aws.ask("sns", "GetSubscriptionAttributes", SubscriptionArn=one["SubscriptionArn"])
        if said.get("Attributes", {}).get("RawMessageDelivery") == "true":
            sentence = f"{one['Endpoint']} gets raw messages, which nobody signed, and refuses them"
            told.wrong("notices", f"{sentence}: switch raw message delivery off")
            return
    told.well("notices", f"{', '.join(str(one['Endpoint']) for one in confirmed)} is subscribed to {topic}")
