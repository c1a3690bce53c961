"""Consume a bulk queue of SQS: first while nothing can be delivered, then with a relay that takes everything."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import boto3

from bench.harness.figure import Figure, Line, Scale, Values, at_least, at_most
from bench.harness.looking import looking_into
from bench.harness.mails import HTML, SENDER, recipient
from bench.harness.process import cpu_seconds
from bench.harness.programs import free_port
from bench.harness.relay import smtp_sink
from bench.harness.service import Service, serving, wait_until_quiet
from bench.harness.workplace import fresh_directory
from couvert.delivery.sqs import Outgoing, Queue, packed
from couvert.domain.delivery import State
from couvert.simulator.testing import SimulatedSes, simulated_ses_process

QUEUE = "bulk"
SENDERS = 4
AT_MOST_SECONDS = 240
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "AKIABENCH", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}


class Consumed(NamedTuple):
    per_second: float
    """Committed here and deleted there, from the first to the last."""
    cpu_us: float
    """Of the service, per message, its read models included."""
    states: dict[State, int]


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    os.environ.update(CREDENTIALS)
    with simulated_ses_process() as sqs:
        yield lambda: _round(sqs, scale.mails)


def _round(sqs: SimulatedSes, messages: int) -> Values:
    accepted = _consumed(sqs, f"smtp://127.0.0.1:{free_port()}", messages)
    with smtp_sink() as relay:
        sent = _consumed(sqs, relay.url, messages)
        taken = relay.taken()
    return {
        "messages accepted": accepted.per_second,
        "CPU a message": accepted.cpu_us,
        "messages accepted while others are sent": sent.per_second,
        "CPU a message, sending it included": sent.cpu_us,
        "lost": 2 * messages - sum(accepted.states.values()) - sum(sent.states.values()),
        "not sent": messages - sent.states.get(State.SENT, 0),
        "sent, but not once at the relay": abs(taken - messages),
    }


def _consumed(sqs: SimulatedSes, transport: str, messages: int) -> Consumed:
    """All are in the queue before the service starts; what it does until it listens is not part of the figure."""
    sqs.reset()
    asyncio.run(_fill(sqs.url, messages))
    settings = {"queue_url": f"sqs://{QUEUE}", "aws_endpoint_url": sqs.url}
    with fresh_directory() as directory, serving(directory, transport, **settings) as service:
        return _measured(service, directory, messages)


def _measured(service: Service, directory: Path, messages: int) -> Consumed:
    with looking_into(directory) as looking:
        early, cpu_before, started_at = looking.count(), cpu_seconds(service.pid), time.perf_counter()
        looking.wait_for_count(messages, AT_MOST_SECONDS)
        seconds = time.perf_counter() - started_at
        wait_until_quiet(service)  # hand-overs and read models are work of these messages, too
        cpu = cpu_seconds(service.pid) - cpu_before
        return Consumed((messages - early) / seconds, cpu / (messages - early) * 1e6, looking.states())


def _create(url: str) -> None:
    client = boto3.client("sqs", endpoint_url=url)
    client.create_queue(QueueName=QUEUE)
    client.close()


async def _fill(url: str, messages: int) -> None:
    await asyncio.to_thread(_create, url)
    queue = Queue(f"sqs://{QUEUE}", url)
    batches = list(packed(map(_message, range(messages))))
    turns = [iter(batches[n::SENDERS]) for n in range(SENDERS)]

    async def send(turn: Iterator[list[Outgoing]]) -> None:
        for batch in turn:
            assert not any(await queue.send(batch))

    await asyncio.gather(*map(send, turns))
    await queue.close()


def _message(n: int) -> Outgoing:
    to = recipient(n, 0)
    return Outgoing(
        json.dumps({
            "email_id": f"msg-{n}",
            "email_recipient_id": to.email_recipient_id,
            "client_env_id": "env-123",
            "sender_email": SENDER.email,
            "sender_name": SENDER.name,
            "sender_organisation_name": SENDER.organisation_name,
            "subject": f"Order {n} of {{{{name}}}}",
            "html_template": HTML,
            "recipient_name": to.name,
            "recipient_email": to.email,
            "recipient_company": to.company,
            "queued_at": "2025-01-27T10:30:00Z",
        })
    )  # fmt: skip


FIGURE = Figure(
    name="queue",
    title="a bulk queue of SQS (simulated, in a process of its own), one recipient and 3 kB of HTML a message",
    needs=("smtp-sink",),
    lines=(
        Line("messages accepted", "1/s", at_least(2_000)),
        Line("CPU a message", "us"),
        Line("messages accepted while others are sent", "1/s"),
        Line("CPU a message, sending it included", "us"),
        Line("lost", "", at_most(0)),
        Line("not sent", "", at_most(0)),
        Line("sent, but not once at the relay", "", at_most(0)),
    ),
    rounds=_rounds,
)
