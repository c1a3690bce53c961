"""The same application on a store and a courier that answer at once: what a request costs without keeping or sending.

Run: python -m bench.beside.instant serve --port N --data DIR      (as `couvert serve`; keys are read from DIR)
"""

from __future__ import annotations

import argparse
import asyncio
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from couvert import wiring
from couvert.cli import serve
from couvert.cli.options import settings
from couvert.commands.accept import Accepted, AcceptMails, Lease
from couvert.commands.keys import Keys
from couvert.commands.send import SendMail
from couvert.commands.settled import Settled
from couvert.domain.delivery import State
from couvert.domain.ids import IdSource
from couvert.domain.mail import Recipient
from couvert.store.changes import Transition
from couvert.store.log import Position
from couvert.store.rows import StoredKey
from couvert.wiring import now_ms


class InstantStore:
    """Keeps nothing; knows the keys by heart."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._keys: dict[bytes, StoredKey | None] = {}
        self._position = 0

    async def commit(self, _change: Transition) -> Position:
        self._position += 1
        return self._position

    async def key(self, key_hash: bytes) -> StoredKey | None:
        if key_hash not in self._keys:
            self._keys[key_hash] = await self._real.key(key_hash)
        return self._keys[key_hash]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)


class InstantCourier:
    """Everything is sent the moment somebody waits for it."""

    async def ready(self) -> None:
        return None

    def lease(self) -> Lease | None:
        return Lease(1, now_ms() + 30_000)

    def hand_in(self, accepted: Accepted, recipient: Recipient) -> None:
        pass

    def expect(self, delivery_id: int) -> asyncio.Future[Settled]:
        future: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        future.set_result(Settled(delivery_id, State.SENT, now_ms(), "4XkQ2c0Z1Yz9sWq"))
        return future

    def forget(self, delivery_id: int, outcome: asyncio.Future[Settled]) -> None:
        pass

    def wake(self) -> None:
        pass

    def start(self) -> None:
        pass

    async def stop(self) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("command", choices=["serve"])
    parser.add_argument("--port", type=int)
    parser.add_argument("--data", type=Path)
    asked = parser.parse_args()
    lock = wiring.ServeLock(asked.data)
    lock.take()
    real = wiring.open_parts(settings(asked.data), is_server=True)
    store: Any = InstantStore(real.store)
    courier: Any = InstantCourier()
    ids = IdSource(0, now_ms)
    mails = AcceptMails(store, ids, now_ms)
    send = SendMail(mails, store, courier, real.settings.v1_patience_seconds)
    parts = replace(real, store=store, keys=Keys(store, ids, now_ms), mails=mails, send=send, courier=courier)
    _obey(serve._run, parts, serve._listen("127.0.0.1", asked.port), lock)


def _obey(run: Callable[..., None], *arguments: Any) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    run(*arguments)


if __name__ == "__main__":
    main()
