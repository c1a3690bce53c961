"""Puts the parts together: the only file that picks implementations."""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
import os
import random
import secrets
import sqlite3
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from couvert.api import parts as doors
from couvert.api.traffic import Traffic
from couvert.api.v1.queue import read_message, wording
from couvert.api.v1.results import result_of, result_of_malformed
from couvert.commands.accept import AcceptMails
from couvert.commands.accounts import Accounts, open_accounts
from couvert.commands.attempts import Attempts
from couvert.commands.changelog import RecordChangelog
from couvert.commands.consequences import Consequences
from couvert.commands.idempotency import IdempotencyKeys
from couvert.commands.interventions import Interventions
from couvert.commands.keys import Keys
from couvert.commands.leftovers import ClearLeftovers
from couvert.commands.notice_intake import TakeNotices
from couvert.commands.notice_reading import ReadNotices
from couvert.commands.notices import Notices
from couvert.commands.queue_intake import WINDOW_MS, TakeMessages
from couvert.commands.sandbox import SandboxMailroom
from couvert.commands.send import SendMail
from couvert.commands.suppressions import Suppressions
from couvert.commands.webhooks import Webhooks
from couvert.delivery.account import Account, FixedAccount
from couvert.delivery.copies import Copies
from couvert.delivery.letters import Letters
from couvert.delivery.sns import Signatures
from couvert.delivery.transport import Transport
from couvert.domain.ids import NODES, IdSource
from couvert.domain.pace import AccountLimits
from couvert.limits.memory import MemoryLimits
from couvert.limits.port import Limits
from couvert.metrics.page import MetricsPage
from couvert.metrics.readings import Readings
from couvert.metrics.table import measures
from couvert.metrics.watched import Watched
from couvert.readmodels.feed import Feed
from couvert.readmodels.follower import Follower
from couvert.readmodels.reading import Reading
from couvert.readmodels.results import ResultSource
from couvert.settings import Settings, WrongSetting
from couvert.store.port import Store
from couvert.tallies import Tally
from couvert.workers.bounce_mailbox import BounceMailbox
from couvert.workers.courier import Courier
from couvert.workers.leases import Leases
from couvert.workers.notice_reader import NoticeReader
from couvert.workers.pace import Pacer

if TYPE_CHECKING:
    from couvert.delivery.sqs import Queue
    from couvert.workers.queue.dead_letters import DeadLetters
    from couvert.workers.queue.publisher import QueuePublisher
    from couvert.workers.results import Results

QUEUES: Final = "queue_url", "dead_letter_queue_url", "result_queue_url", "notice_queue_url"
"""The settings that name one of Amazon SQS."""
SERVE_LOCK: Final = "serve.lock"
SWITCH_SECONDS: Final = 0.0005
"""How long the event loop may keep another thread from the interpreter: a tenth of Python's default, since each
statement of a large group and of the read models waits for it once."""

OPEN_SECONDS: Final = 2.0
"""For the read models' file to be there when the first request is."""


def now_ms() -> int:
    """Milliseconds since 1970, by the machine's clock."""
    return time.time_ns() // 1_000_000


def now_us() -> int:
    """Microseconds, by the same clock."""
    return time.time_ns() // 1_000


@dataclass(frozen=True, slots=True)
class Parts:
    """What doors are built of."""

    settings: Settings
    store: Store
    keys: Keys
    mails: AcceptMails
    send: SendMail
    interventions: Interventions
    idempotency: IdempotencyKeys
    leftovers: ClearLeftovers
    notices: Notices
    suppressions: Suppressions
    take_notices: TakeNotices
    take_messages: TakeMessages
    publisher: QueuePublisher | None
    """Puts bulk into the queue, in a server that has one."""
    read_notices: ReadNotices
    notice_reader: NoticeReader
    changelog: RecordChangelog
    webhooks: Webhooks
    courier: Courier
    transport: Transport
    account: Account | None
    """Whose pace hand-overs keep; None if nobody's."""
    accounts: Accounts
    limits: Limits
    follower: Follower
    """Follows the log where the parts run; elsewhere nobody waits for it."""
    reading: Reading
    copies: Copies
    feed: Feed
    traffic: Traffic
    metrics: MetricsPage

    def of_doors(self) -> doors.Parts:
        """What the API needs of them."""
        return doors.Parts(
            self.settings,
            self.store,
            self.keys,
            self.send,
            self.interventions,
            self.idempotency,
            self.accounts.book,
            self.limits,
            self.reading,
            self.copies,
            self.feed,
            self.follower.reached_position,
            now_ms,
            self.accounts,
            self.suppressions,
            self.webhooks,
            self.take_notices,
            self.traffic,
            self.metrics,
        )


def open_parts(settings: Settings, *, is_server: bool = False) -> Parts:
    """Open the store and wire the rest to it; nothing runs yet. Raises `WrongSetting`."""
    sys.setswitchinterval(SWITCH_SECONDS)
    for name in QUEUES if is_server else ():
        queue_of(settings, name)  # a wrong one is told before anything runs
    # Node 0 is the server's: others meet each other once in 63 times, and only within the same millisecond.
    ids = IdSource(0 if is_server else random.randrange(1, NODES), now_ms)  # noqa: S311 - no secret
    return _wire(settings, open_store(settings), ids, is_server=is_server)


@asynccontextmanager
async def running(parts: Parts, *, delivers: bool, follows: bool = False) -> AsyncIterator[None]:
    """The courier and the read models' follower at work; in the end, what is in flight ends and the store is closed."""
    if follows:
        parts.store.on_commit(parts.follower.wake)
        parts.store.on_commit(parts.feed.committed)
        parts.follower.start()
        await asyncio.to_thread(parts.follower.wait_until_open, OPEN_SECONDS)
    parts.accounts.uses.start()
    if delivers:
        parts.courier.start()
    try:
        yield
    finally:
        await parts.courier.stop()  # Which may have been started later than here.
        if follows:
            await asyncio.to_thread(parts.follower.stop)
        await parts.accounts.uses.stop()
        await asyncio.to_thread(parts.reading.close)
        await parts.store.close()


@asynccontextmanager
async def notices_at_work(parts: Parts) -> AsyncIterator[None]:
    """Notices are fetched from wherever the settings say, and read. Raises `WrongSetting`."""
    settings = parts.settings
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(parts.notice_reader.at_work())
        if settings.bounce_mailbox is not None:
            await stack.enter_async_context(BounceMailbox(settings.bounce_mailbox, parts.take_notices).at_work())
        if (queue := queue_of(settings, "notice_queue_url")) is not None:
            from couvert.workers.notice_queue import NoticeQueue

            await stack.enter_async_context(NoticeQueue(queue, parts.take_notices).at_work())
        yield


@asynccontextmanager
async def bulk_at_work(parts: Parts) -> AsyncIterator[None]:
    """Bulk mail comes in by the queue, and goes out by it, if the settings name one. Raises `WrongSetting`."""
    queue = queue_of(parts.settings, "queue_url")
    if queue is None:
        yield
        return
    from couvert.workers.queue.consumer import QueueConsumer

    dead_letters = dead_letters_of(parts)
    consumer = QueueConsumer(queue, parts.take_messages, parts.courier, dead_letters)
    async with AsyncExitStack() as stack:
        if parts.publisher is not None:
            await stack.enter_async_context(parts.publisher.at_work())
        await stack.enter_async_context(dead_letters.at_work())
        await stack.enter_async_context(consumer.at_work())
        yield


def dead_letters_of(parts: Parts) -> DeadLetters:
    """Raises `WrongSetting`."""
    from couvert.workers.queue.dead_letters import DeadLetters

    return DeadLetters(parts.store, queue_of(parts.settings, "dead_letter_queue_url"), now_ms)


@asynccontextmanager
async def results_at_work(parts: Parts) -> AsyncIterator[None]:
    """The result queue is told, if the settings name one. To be entered before bulk comes in: what happened before is
    not told. Raises `WrongSetting`.
    """
    results = results_of(parts)
    if results is None:
        yield
        return
    parts.store.on_commit(results.wake)
    async with results.at_work():
        yield


def results_of(parts: Parts) -> Results | None:
    """None if the settings name no result queue. Raises `WrongSetting`."""
    queue = queue_of(parts.settings, "result_queue_url")
    if queue is None:
        return None
    from couvert.workers.results import Results, Wording

    source = ResultSource(parts.settings.data_dir)
    return Results(parts.store, source, queue, Wording(result_of, result_of_malformed), now_ms)


def queue_of(settings: Settings, name: str) -> Queue | None:
    """The queue that a setting names, None if it names none. Raises `WrongSetting`."""
    address = getattr(settings, name)
    if address is None:
        return None
    try:
        from couvert.delivery.sqs import Queue

        return Queue(address, settings.aws_endpoint_url)
    except ImportError:
        raise WrongSetting(
            f"COUVERT_{name.upper()}: Amazon SQS needs more libraries: pip install couvert[aws]"
        ) from None
    except ValueError as fault:
        raise WrongSetting(f"COUVERT_{name.upper()}: {fault}") from None


def _publisher(settings: Settings, store: Store, wake: Callable[[], None]) -> QueuePublisher | None:
    queue = queue_of(settings, "queue_url")
    if queue is None:
        return None
    from couvert.workers.queue.publisher import QueuePublisher

    return QueuePublisher(queue, store, now_ms, wording=wording, wake=wake)


def shown_url(settings: Settings) -> str:
    """Where people reach the service: as the settings say, as a running `serve` does, or as it will by default."""
    url = settings.public_url or ServeLock(settings.data_dir).announced() or "http://127.0.0.1:8000"
    return url.rstrip("/")


async def invitation(parts: Parts) -> str | None:
    """A link at which somebody becomes the first admin; None if there are users."""
    if not await parts.accounts.set_up.is_needed():
        return None
    return shown_url(parts.settings) + await parts.accounts.set_up.new_path()


def has_data(settings: Settings) -> bool:
    from couvert.store.sqlite.store import FILE

    return (settings.data_dir / FILE).is_file()


def open_store(settings: Settings) -> Store:
    """Raises `WrongSetting` if the data directory cannot be used."""
    from couvert.store.sqlite.schema import TooNew
    from couvert.store.sqlite.store import SqliteStore

    try:
        return SqliteStore(settings.data_dir, now_ms)
    except (OSError, sqlite3.Error, TooNew) as error:
        raise _unusable(settings.data_dir, error) from None


def _wire(settings: Settings, store: Store, ids: IdSource, *, is_server: bool) -> Parts:
    notices = Notices(store, now_ms, Consequences(store, ids, settings.suppress_after_soft_bounces))
    read_notices = ReadNotices(notices, now_ms)
    reader = NoticeReader(read_notices)
    signatures = Signatures(settings.sns_endpoint_list)
    transport, account = provider_of(settings, store, notices)
    leases = Leases(store, owner=secrets.randbits(62) | 1, seconds=settings.lease_seconds, now_ms=now_ms)
    attempts = Attempts(store, now_ms, settings.unknown_policy, int(settings.lease_seconds * 1000))
    courier = Courier(
        store,
        attempts,
        Letters(store, now_ms),
        transport,
        leases,
        hands=settings.max_in_flight,
        now_ms=now_ms,
        pacer=None if account is None else Pacer(store, account, now_us),
        most_bytes=settings.max_bytes_in_flight,
    )
    mails, window_ms = AcceptMails(store, ids, now_ms), settings.idempotency_hours * 3_600_000
    messages = TakeMessages(
        store,
        mails,
        now_ms,
        read_message,
        IdempotencyKeys(store, now_ms, WINDOW_MS),
        tells_results=settings.result_queue_url is not None,
        wake=courier.wake,
    )
    publisher = _publisher(settings, store, courier.wake) if is_server else None
    limits, feed, traffic, reading = MemoryLimits(), Feed(store.position), Traffic(), Reading(settings.data_dir)
    follower = Follower(settings.data_dir, delay_ms=settings.projection_delay_ms)
    readings = Readings(store, reading, settings.data_dir, now_ms, account)
    watched = Watched(
        traffic,
        limits,
        store,
        follower,
        feed,
        courier,
        readings,
        read_notices.readings,
        messages.fates,
        publisher.outcomes if publisher else Tally(),
    )
    return Parts(
        settings=settings,
        store=store,
        keys=Keys(store, ids, now_ms),
        mails=mails,
        send=SendMail(mails, store, courier, settings.v1_patience_seconds, publisher),
        interventions=Interventions(store, now_ms, courier.wake),
        idempotency=IdempotencyKeys(store, now_ms, window_ms),
        leftovers=ClearLeftovers(store, now_ms, max(window_ms, WINDOW_MS)),
        notices=notices,
        suppressions=Suppressions(store, ids, now_ms),
        take_notices=TakeNotices(store, now_ms, signatures, settings.ses_topic_list, reader.wake),
        take_messages=messages,
        publisher=publisher,
        read_notices=read_notices,
        notice_reader=reader,
        changelog=RecordChangelog(store, now_ms),
        webhooks=Webhooks(store, ids, now_ms),
        courier=courier,
        transport=transport,
        account=account,
        accounts=open_accounts(store, ids, now_ms),
        limits=limits,
        reading=reading,
        copies=Copies(store, Letters(store, now_ms)),
        feed=feed,
        follower=follower,
        traffic=traffic,
        metrics=MetricsPage(measures(watched), readings.refresh),
    )


async def tell_webhooks(settings: Settings, stopping: asyncio.Event) -> None:
    """Beside a `serve` on the same data, until told to stop. Raises sqlite3.Error if there is no data yet."""
    from couvert.delivery.webhooks.client import Client
    from couvert.readmodels.webhooks.box import Box
    from couvert.readmodels.webhooks.source import Source
    from couvert.workers.webhooks.caller import Caller
    from couvert.workers.webhooks.pump import Pump

    async def switch_off(webhook_id: str) -> None:
        store = open_store(settings)  # seldom needed, and else this process only reads
        try:
            await Webhooks(store, IdSource(random.randrange(1, NODES), now_ms), now_ms).switch_off(webhook_id)  # noqa: S311
        finally:
            await store.close()

    with Source(settings.data_dir) as source, Box(settings.data_dir) as box:
        client = Client(allows_private=settings.webhook_allow_private)
        caller = Caller(source, client, now_ms, settings.webhook_allow_http)
        retention_ms = settings.webhook_retention_days * 24 * 3_600_000
        most = settings.webhook_backlog
        pump = Pump(source, box, caller, switch_off, now_ms, retention_ms=retention_ms, most_waiting=most)
        await pump.run(stopping)


def provider_of(settings: Settings, store: Store, notices: Notices) -> tuple[Transport, Account | None]:
    """The transport, and whose pace it keeps. Raises `WrongSetting` with the words of whoever read the address."""
    if settings.transport == "sandbox":
        from couvert.delivery.transports.sandbox import SandboxTransport

        return SandboxTransport(SandboxMailroom(store, notices, now_ms)), None
    try:
        return _ses(settings) if settings.transport.startswith("ses:") else _smtp(settings)
    except ValueError as error:
        raise WrongSetting(f"COUVERT_TRANSPORT: {error}") from None


def _smtp(settings: Settings) -> tuple[Transport, Account | None]:
    from couvert.delivery.transports.smtp import SmtpTransport, relay_from_url

    relay = relay_from_url(settings.transport)
    account = FixedAccount(relay.account, relay.limits) if relay.limits is not None else None
    return SmtpTransport(relay), account


def _ses(settings: Settings) -> tuple[Transport, Account | None]:
    if importlib.util.find_spec("boto3") is None:
        raise WrongSetting("COUVERT_TRANSPORT: Amazon SES needs more libraries: pip install couvert[aws]")
    from couvert.delivery.transports.ses import SesAccount, SesTransport, ses_from_url

    options = ses_from_url(settings.transport, settings.aws_endpoint_url)
    account = SesAccount(options, AccountLimits(settings.ses_rate))
    return SesTransport(account, options), account


class ServeLock:
    """One `serve` per data directory: whoever holds the lock is it."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / SERVE_LOCK
        self._file: IO[str] | None = None

    def take(self) -> None:
        """Hold it until this process ends; `WrongSetting` if another one serves this directory, or it is unusable."""
        directory = self._path.parent
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = file = self._path.open("a+")
            if not _locked(file, fcntl.LOCK_EX, TRIES):
                raise WrongSetting(
                    f"COUVERT_DATA_DIR: {directory} is served by another process; stop it, or use another"
                )
            file.truncate(0)
            file.write(f"{os.getpid()}\n")
            file.flush()
        except OSError as error:
            raise _unusable(directory, error) from None

    def announce(self, url: str) -> None:
        """Leave the address that this process serves at, for the command line to print links with."""
        assert self._file is not None
        self._file.write(f"{url}\n")
        self._file.flush()

    def announced(self) -> str | None:
        """The address of the `serve` that runs on this directory, if one does."""
        return next(iter(self._path.read_text().splitlines()[1:]), None) if self.is_taken() else None

    def is_taken(self) -> bool:
        """Whether a `serve` runs on this directory now."""
        try:
            with self._path.open() as file:
                return not _locked(file, fcntl.LOCK_SH)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unusable(self._path.parent, error) from None


TRIES: Final = 10
"""Who asks whether the lock is taken holds it meanwhile, for some microseconds."""


def _locked(file: IO[str], kind: int, tries: int = 1) -> bool:
    for _ in range(tries):
        try:
            fcntl.flock(file, kind | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.01)
        else:
            return True
    return False


def _unusable(directory: Path, error: Exception) -> WrongSetting:
    return WrongSetting(f"COUVERT_DATA_DIR: {directory} cannot be used: {error}")
