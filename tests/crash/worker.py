"""A delivering process without the lock of `serve`, so that several share a directory. At a step of the way it can die
or freeze: `--fault begun:5=kill` ends it at the fifth time a delivery is begun, and before a byte of it leaves.

| step | passed when |
|---|---|
| `accepted` | the commit that accepted the recipient has returned |
| `leased` | the delivery was taken from the queue |
| `begun` | the commit of *begun* has returned |
| `content` | the relay wants the content, and the clearance is about to be asked |
| `cleared` | the clearance was given, and the content is about to be written |
| `taken` | the relay took the message |
| `recorded` | the commit of *sent* has returned |

Each passing is a line on stdout, `begun 1234`, and so are the other outcomes: `released`, `deferred`, `lost`.
"""

import argparse
import asyncio
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from couvert import logs, wiring
from couvert.commands.notices import Notices
from couvert.delivery.account import Account
from couvert.delivery.transport import Channel, Clearance, Message, Outcome, Taken, Transport
from couvert.domain.delivery_events import Begun, Deferred, OutcomeUnknown, Released, Sent
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.settings import Settings
from couvert.store.changes import Change, Transition
from couvert.store.log import Position
from couvert.store.port import Store
from couvert.store.rows import TakenDelivery
from couvert.wiring import parts as wired

QUIET_SECONDS = 0.2
SAID = {Begun: "begun", Sent: "recorded", Released: "released", Deferred: "deferred", OutcomeUnknown: "lost"}

Passing = Callable[[str, int], None]


class Steps:
    """Says every step, and dies or freezes at the one that was asked for."""

    def __init__(self, fault: str | None) -> None:
        place, _, self._end = (fault or "").partition("=")
        step, _, number = place.partition(":")
        self._fault = (step, int(number or 1))
        self._passed = Counter[str]()

    def __call__(self, step: str, delivery_id: int) -> None:
        os.write(1, f"{step} {delivery_id}\n".encode())
        self._passed[step] += 1
        if self._fault == (step, self._passed[step]):
            self._fail()

    def _fail(self) -> None:
        if self._end == "stop":
            # The event loop stands still here, so the writer finishes what it has: a process frozen amid a transaction
            # would keep the others from the file, and show nothing.
            time.sleep(QUIET_SECONDS)
        os.kill(os.getpid(), signal.SIGKILL if self._end == "kill" else signal.SIGSTOP)


class WatchedStore:
    def __init__(self, store: Store, passes: Passing) -> None:
        self._store = store
        self._passes = passes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, change: Transition) -> Position:
        position = await self._store.commit(change)
        for accepted in change.new_deliveries if isinstance(change, Change) else ():
            self._passes("accepted", accepted.delivery.id)
        for record in change.records:
            if step := SAID.get(type(record.event)):
                self._passes(step, record.stream + record.part)
        return position

    async def take(self, **asked: int) -> list[TakenDelivery]:
        taken = await self._store.take(**asked)
        for each in taken:
            self._passes("leased", each.stored.delivery.id)
        return taken


class WatchedTransport:
    def __init__(self, transport: Transport, passes: Passing) -> None:
        self._transport = transport
        self._passes = passes
        self.name = transport.name

    async def channel(self) -> "WatchedChannel":
        return WatchedChannel(await self._transport.channel(), self._passes)

    async def free_channel(self) -> "WatchedChannel | None":
        channel = await self._transport.free_channel()
        return WatchedChannel(channel, self._passes) if channel else None

    async def rest(self) -> None:
        await self._transport.rest()

    async def close(self) -> None:
        await self._transport.close()


class WatchedChannel:
    def __init__(self, channel: Channel, passes: Passing) -> None:
        self._channel = channel
        self._passes = passes

    def release(self) -> None:
        self._channel.release()

    async def hand_over(self, message: Message, clearance: Clearance) -> Outcome:
        watched = WatchedClearance(clearance, lambda step: self._passes(step, message.delivery_id))
        outcome = await self._channel.hand_over(message, watched)
        if isinstance(outcome, Taken):
            self._passes("taken", message.delivery_id)
        return outcome


class WatchedClearance:
    def __init__(self, clearance: Clearance, passes: Callable[[str], None]) -> None:
        self._clearance = clearance
        self._passes = passes

    def may_begin(self) -> bool:
        return self._clearance.may_begin()

    def may_complete(self) -> bool:
        self._passes("content")
        is_cleared = self._clearance.may_complete()
        if is_cleared:
            self._passes("cleared")
        return is_cleared


async def run(settings: Settings, bulk: int, singles: int, name: str) -> None:
    parts = wiring.open_parts(settings, is_server=settings.queue_url is not None)
    told_to_stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told_to_stop.set)
    async with wiring.running(parts, delivers=True), wiring.bulk_at_work(parts):
        # Both ways into the courier's hands: out of the queue, and handed in by whoever waits for the outcome.
        if bulk:
            await parts.send.queue(_mail(f"{name}bulk", bulk), key=None)
        await asyncio.gather(*(parts.send.send(_mail(f"{name}single{n}", 1), key=None) for n in range(singles)))
        await told_to_stop.wait()


def _mail(name: str, recipients: int) -> AcceptMail:
    to = tuple(Recipient(f"{name}.{n}@example.com", f"Number {n}") for n in range(recipients))
    return AcceptMail(Sender("shop@example.org"), to, "To {{name}}", html="<p>Hello {{name}}</p>")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--fault")
    parser.add_argument("--bulk", type=int, default=0, help="accept one mail to so many recipients")
    parser.add_argument("--singles", type=int, default=0, help="accept so many mails to one recipient each")
    parser.add_argument("--name", default="", help="what the recipients' addresses begin with")
    asked = parser.parse_args()
    logs.configure("warning")
    steps = Steps(asked.fault)
    settings = Settings.read(data_dir=asked.data)
    if settings.queue_url is not None:
        sys.path.append(str(Path(__file__).parents[2]))  # a script knows nothing but its own folder
        from tests.crash.queue_steps import watch

        watch(steps)
    opened, chosen = wiring.open_store, wiring.provider_of
    vars(wired)["open_store"] = lambda *given: WatchedStore(opened(*given), steps)

    def watched(settings: Settings, store: Store, notices: Notices) -> tuple[Transport, Account | None]:
        transport, account = chosen(settings, store, notices)
        return WatchedTransport(transport, steps), account

    vars(wired)["provider_of"] = watched
    asyncio.run(run(settings, asked.bulk, asked.singles, asked.name))


if __name__ == "__main__":
    main()
