"""Everything that doors and workers are built of, put together."""

from __future__ import annotations

import random
import secrets
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from couvert.api import parts as doors
from couvert.api.traffic import Traffic
from couvert.api.v1.queue import read_message
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
from couvert.commands.send import SendMail
from couvert.commands.suppressions import Suppressions
from couvert.commands.webhooks import Webhooks
from couvert.delivery.account import Account
from couvert.delivery.copies import Copies
from couvert.delivery.letters import Letters
from couvert.delivery.sns import Signatures
from couvert.delivery.transport import Transport
from couvert.domain.ids import NODES, IdSource
from couvert.limits.memory import MemoryLimits
from couvert.limits.port import Limits
from couvert.metrics.page import MetricsPage
from couvert.metrics.readings import Readings
from couvert.metrics.table import measures
from couvert.metrics.watched import Watched
from couvert.readmodels.feed import Feed
from couvert.readmodels.follower import Follower
from couvert.readmodels.reading import Reading
from couvert.settings import Settings
from couvert.store.port import Store
from couvert.tallies import Tally
from couvert.wiring.clocks import now_ms, now_us
from couvert.wiring.directory import open_store
from couvert.wiring.providers import provider_of
from couvert.wiring.queues import QUEUES, publisher_of, queue_of
from couvert.workers.courier import Courier
from couvert.workers.leases import Leases
from couvert.workers.notice_reader import NoticeReader
from couvert.workers.pace import Pacer

if TYPE_CHECKING:
    from couvert.workers.queue.publisher import QueuePublisher

SWITCH_SECONDS: Final = 0.0005
"""How long the event loop may keep another thread from the interpreter: a tenth of Python's default, since each
statement of a large group and of the read models waits for it once."""


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
            self.courier.oldest_due_at,
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
    publisher = publisher_of(settings, store, courier.wake) if is_server else None
    limits, feed, traffic, reading = MemoryLimits(), Feed(store.position), Traffic(), Reading(settings.data_dir)
    follower = Follower(settings.data_dir, delay_ms=settings.projection_delay_ms)
    readings = Readings(store, reading, settings.data_dir, now_ms, oldest_due_at=courier.oldest_due_at, account=account)
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
