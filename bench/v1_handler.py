"""What a POST /v1/mail costs in CPU before its commit and without its sending: `python bench/v1_handler.py`.

The whole application with the real store's reads; the commit and the courier answer at once, with nothing done.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import structlog
from starlette.types import ASGIApp, Message

from couvert.api.parts import Parts
from couvert.commands.accept import Accepted, AcceptMails, Lease
from couvert.commands.accounts import open_accounts
from couvert.commands.idempotency import IdempotencyKeys
from couvert.commands.interventions import Interventions
from couvert.commands.keys import Keys
from couvert.commands.notice_intake import TakeNotices
from couvert.commands.send import SendMail
from couvert.commands.settled import Settled
from couvert.commands.suppressions import Suppressions
from couvert.commands.webhooks import Webhooks
from couvert.delivery.copies import Copies
from couvert.delivery.letters import Letters
from couvert.delivery.sns import Signatures
from couvert.domain.delivery import State
from couvert.domain.ids import IdSource
from couvert.domain.mail import Recipient
from couvert.limits.memory import MemoryLimits
from couvert.readmodels.feed import Feed
from couvert.readmodels.reading import Reading
from couvert.settings import Settings
from couvert.store.changes import Transition
from couvert.store.sqlite.store import SqliteStore
from couvert.web import application

ROUNDS, REQUESTS = 11, 500
HTML = "<h1>Hello {{name}}</h1>" + "<p>Here is your weekly summary of everything.</p>\n" * 60 + "{{company}}"  # 3 kB
MAIL: dict[str, Any] = {
    "recipients": [{"name": "John", "mail": "john@example.com", "company": "Acme", "emailRecipientId": "r-1"}],
    "sender_name": "Support Team",
    "sender_email": "support@example.com",
    "sender_organisation_name": "Acme Corp",
    "subject": "Hello {{name}}",
    "html_template": HTML,
    "client_env_id": "env-123",
    "email_id": "msg-123",
    "projectId": "project-456",
    "closureId": "closure-789",
}


class Silent:
    """A courier whose mails are sent before anybody asks."""

    async def ready(self) -> None:
        return None

    def lease(self) -> Lease:
        return Lease(1, 0)

    def hand_in(self, accepted: Accepted, recipient: Recipient) -> None:
        pass

    def expect(self, delivery_id: int) -> asyncio.Future[Settled]:
        future: asyncio.Future[Settled] = asyncio.get_running_loop().create_future()
        future.set_result(Settled(delivery_id, State.SENT, now_ms(), "provider-id"))
        return future

    def forget(self, delivery_id: int, outcome: asyncio.Future[Settled]) -> None:
        pass

    def wake(self) -> None:
        pass


def now_ms() -> int:
    return time.time_ns() // 1_000_000


async def main() -> None:
    log_into_nothing()
    with tempfile.TemporaryDirectory() as directory:
        parts = parts_on(Path(directory))
        key = (await parts.keys.create(name="bench", origins=["app.example.com"], expires_at=None)).secret
        parts.store.commit = committed_at_once  # type: ignore[method-assign, assignment]
        app = application(parts)
        for title, recipients in (("1 recipient", 1), ("1,000 recipients", 1_000)):
            body = {**MAIL, "recipients": MAIL["recipients"] * recipients}
            print(f"{title:<20}{await best_us(app, key, body, max(REQUESTS // recipients, 3)):>10,.0f} us a request")
        await parts.store.close()


def log_into_nothing() -> None:
    nothing = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - open to the end
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(nothing),
        cache_logger_on_first_use=True,
    )


def parts_on(directory: Path) -> Parts:
    settings = Settings(data_dir=directory)
    store, ids = SqliteStore(directory, now_ms), IdSource(0, now_ms)
    send = SendMail(AcceptMails(store, ids, now_ms), store, Silent(), 10)
    accounts = open_accounts(store, ids, now_ms)
    return Parts(
        settings, store, Keys(store, ids, now_ms), send, Interventions(store, now_ms), IdempotencyKeys(store, now_ms),
        accounts.book, MemoryLimits(), Reading(directory), Copies(store, Letters(store, now_ms)), Feed(store.position),
        reached, store.next_wake, now_ms, accounts, Suppressions(store, ids, now_ms), Webhooks(store, ids, now_ms),
        TakeNotices(store, now_ms, Signatures(()), ()),
    )  # fmt: skip


async def reached(_position: int, _seconds: float) -> bool:
    return True


async def committed_at_once(_change: Transition) -> int:
    return 1


async def best_us(app: ASGIApp, key: str, body: dict[str, Any], requests: int) -> float:
    content = json.dumps(body).encode()
    headers = [
        (b"host", b"localhost:8000"), (b"user-agent", b"bench"), (b"accept", b"*/*"),
        (b"x-api-key", key.encode()), (b"origin", b"https://app.example.com"),
        (b"content-type", b"application/json"), (b"content-length", str(len(content)).encode()),
    ]  # fmt: skip
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for _ in range(requests):
            await post(app, headers, content)
        rounds.append((time.process_time() - started) / requests * 1e6)
    return min(rounds)


async def post(app: ASGIApp, headers: list[tuple[bytes, bytes]], content: bytes) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": content, "more_body": False}

    async def send(message: Message) -> None:
        assert message.get("status", 200) == 200, message

    scope = {
        "type": "http", "method": "POST", "path": "/v1/mail", "root_path": "", "query_string": b"",
        "headers": headers, "client": ("127.0.0.1", 1), "scheme": "http", "server": ("localhost", 8000),
    }  # fmt: skip
    await app(scope, receive, send)


if __name__ == "__main__":
    asyncio.run(main())
