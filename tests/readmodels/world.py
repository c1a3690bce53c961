"""A data directory with a past: real commands on a real store, a clock that moves when told, a provider that obeys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self, get_args

from hypothesis import strategies as st

from couvert.commands.accept import AcceptMails
from couvert.commands.accounts import open_accounts
from couvert.commands.attempts import Attempts
from couvert.commands.consequences import Consequences
from couvert.commands.interventions import Interventions
from couvert.commands.keys import Keys
from couvert.commands.notice_intake import TakeNotices
from couvert.commands.notice_reading import ReadNotices
from couvert.commands.notices import Notices
from couvert.commands.suppressions import Entry, Suppressions
from couvert.delivery.sns import Signatures
from couvert.delivery.transport import Outcome, Refused, Taken, TryLater, Unknown, Withheld
from couvert.domain.attachments import Attachment
from couvert.domain.delivery import UnknownPolicy
from couvert.domain.delivery_events import Bounced, Complained, Confirmed, Delayed, Delivered
from couvert.domain.ids import IdSource
from couvert.domain.intervention import UnknownDecision
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.domain.notice_statements import NoticeEvent
from couvert.domain.refusals import Conflict, NotFound, NothingToDecide, NothingToStop, QuotaExceeded
from couvert.domain.restrictions import Restrictions
from couvert.domain.user import Person, Role, User
from couvert.store.notices import Source
from couvert.store.rows import StoredDelivery
from couvert.store.sqlite.store import SqliteStore
from tests.commands.ses_notices import NoticeKind, in_envelope, ses_notice

LEASE_MS = 30_000
Said = Literal["taken", "later", "refused", "unknown", "withheld", "nothing"]
Told = Literal["confirmed", "delayed", "delivered", "soft bounce", "hard bounce", "complaint"]

ANSWERS: dict[Said, Outcome] = {
    "taken": Taken("0102018f-1"),
    "later": TryLater("451 try again"),
    "refused": Refused("550 no such user"),
    "unknown": Unknown("the connection broke"),
    "withheld": Withheld("too late to begin"),
}
EVENTS: dict[Told, Callable[[int], NoticeEvent]] = {
    "confirmed": lambda attempt: Confirmed(attempt, "0102018f-1"),
    "delayed": Delayed,
    "delivered": Delivered,
    "soft bounce": lambda attempt: Bounced(attempt, "soft"),
    "hard bounce": lambda attempt: Bounced(attempt, "hard"),
    "complaint": Complained,
}


class World:
    def __init__(self, directory: Path, *, policy: UnknownPolicy = "hold") -> None:
        self.directory = directory
        self.now = 1_738_000_000_000
        self.store = SqliteStore(directory, lambda: self.now)
        ids = IdSource(0, lambda: self.now)
        self.keys = Keys(self.store, ids, lambda: self.now)
        self.accounts = open_accounts(self.store, ids, lambda: self.now)
        self._mails = AcceptMails(self.store, ids, lambda: self.now)
        self._attempts = Attempts(self.store, lambda: self.now, policy, LEASE_MS, chance=lambda: 0.5)
        self._notices = Notices(self.store, lambda: self.now, Consequences(self.store, ids, 2))
        self.suppressions = Suppressions(self.store, ids, lambda: self.now)
        self._taking = TakeNotices(self.store, lambda: self.now, Signatures(()), ())
        self._reading = ReadNotices(self._notices, lambda: self.now)
        self.secrets: list[str] = []
        self._interventions = Interventions(self.store, lambda: self.now)
        self.mails: list[int] = []
        self.deliveries: list[int] = []
        self._silent: list[StoredDelivery] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.store.close()

    async def add_user(self, email: str) -> User:
        return (await self.accounts.users.add(email=email, role=Role.ADMIN, person=Person("Alice"))).user

    async def create_key(self, daily_quota: int | None = None) -> None:
        restrictions = Restrictions(daily_quota=daily_quota)
        created = await self.keys.create(
            name="app", origins=["app.example.com"], expires_at=None, restrictions=restrictions
        )
        self.secrets.append(created.secret)

    async def replace_key(self, daily_quota: int | None) -> None:
        """The last one; its origin changes along."""
        key = await self.keys.find(self.secrets[-1])
        assert key is not None
        await self.keys.replace(
            key.key.key_id,
            name=f"app {daily_quota}",
            expires_at=None,
            restrictions=Restrictions(daily_quota=daily_quota),
            origins=[f"n{daily_quota}.example.com"],
        )

    async def accept(self, recipients: int = 1, *, expires_after_ms: int | None = None, has_key: bool = False) -> int:
        """The new mail's id; with the last key, if it has one."""
        command = AcceptMail(
            sender=Sender("alice@example.com"),
            recipients=tuple(Recipient(f"{n}@example.net") for n in range(recipients)),
            subject="Hello {{name}}",
            html=f"<p>{len(self.mails)}</p>",
            text="Hello",
            attachments=(Attachment(f"{len(self.mails)}.bin", "application/octet-stream", b"%d" % len(self.mails)),),
            expires_at=None if expires_after_ms is None else self.now + expires_after_ms,
        )
        return await self.post(command, has_key=has_key)

    async def post(self, command: AcceptMail, *, has_key: bool = False) -> int:
        """The new mail's id."""
        key = await self.keys.find(self.secrets[-1]) if has_key else None
        accepted = await self._mails.accept(command, key=key)
        self.mails.append(accepted.mail_id)
        self.deliveries += [stored.delivery.id for stored in accepted.deliveries]
        return accepted.mail_id

    async def work(self, *answers: Said) -> None:
        """As many deliveries as there are answers are taken up, if so many are due; *nothing*: no answer is heard."""
        until = self.now + LEASE_MS
        taken = await self.store.take(owner=7, now=self.now, until=until, limit=len(answers))
        for (stored, _), said in zip(taken, answers, strict=False):
            if stored.delivery.is_begun:
                await self._attempts.lose(stored)
            else:
                await self._attempt(stored, said)

    async def answer_late(self, said: Said) -> None:
        """The worker that was silent longest is back, perhaps after its lease ran out."""
        if self._silent and said != "nothing":
            await self._attempts.record(self._silent.pop(0), ANSWERS[said])

    async def cancel(self, mail_id: int) -> None:
        with suppress(NothingToStop):
            await self._interventions.cancel(mail_id)

    async def retry(self, mail_id: int, unknown: UnknownDecision | None) -> None:
        with suppress(NothingToDecide):
            await self._interventions.retry(mail_id, unknown=unknown)

    async def suppress(self, address: str, expires_after_ms: int | None = None) -> int:
        """The suppression's id."""
        end = None if expires_after_ms is None else self.now + expires_after_ms
        return (await self.suppressions.add(Entry(address, expires_at=end))).suppression.id

    async def tell(self, delivery_id: int, told: Told, attempt: int = 1) -> None:
        """A notice of the provider's; one about an attempt that never was is turned away."""
        with suppress(NotFound):
            await self._notices.record(delivery_id, EVENTS[told](attempt), "the provider's words")

    async def bring(self, kind: NoticeKind, delivery_id: int, attempt: int, *, is_tagged: bool, times: int) -> None:
        """A notice of Amazon SES's, so many times, by two doors; and all that is due is read."""
        recipient = await self.store.recipient(delivery_id)
        assert recipient is not None
        tagged = (delivery_id, attempt) if is_tagged else None
        notice = ses_notice(kind, recipient.email, tagged=tagged, provider_id="0102018f-1")
        await self._taking.keep(Source.SQS, [notice, in_envelope(notice)] * times)
        await self.read_notices()

    async def read_notices(self) -> None:
        while await self._reading.read_due():
            pass

    async def _attempt(self, stored: StoredDelivery, said: Said) -> None:
        begun = await self._attempts.begin(stored)
        if begun is None or not begun.delivery.is_begun:
            return
        if said == "nothing":
            self._silent.append(begun)
        else:
            await self._attempts.record(begun, ANSWERS[said])


# --- Random pasts -----------------------------------------------------------------------------------------------------

Step = Callable[[World], Awaitable[object]]


@dataclass(frozen=True)
class Accept:
    recipients: int
    expires_after_ms: int | None

    async def __call__(self, world: World) -> None:
        await world.accept(self.recipients, expires_after_ms=self.expires_after_ms)


@dataclass(frozen=True)
class Work:
    answers: Sequence[Said]

    async def __call__(self, world: World) -> None:
        await world.work(*self.answers)


@dataclass(frozen=True)
class AnswerLate:
    said: Said

    async def __call__(self, world: World) -> None:
        await world.answer_late(self.said)


@dataclass(frozen=True)
class Tell:
    which: int
    told: Told
    attempt: int

    async def __call__(self, world: World) -> None:
        if world.deliveries:
            await world.tell(world.deliveries[self.which % len(world.deliveries)], self.told, self.attempt)


@dataclass(frozen=True)
class Bring:
    which: int
    kind: NoticeKind
    attempt: int
    is_tagged: bool
    times: int

    async def __call__(self, world: World) -> None:
        if world.deliveries:
            delivery_id = world.deliveries[self.which % len(world.deliveries)]
            await world.bring(self.kind, delivery_id, self.attempt, is_tagged=self.is_tagged, times=self.times)


@dataclass(frozen=True)
class Cancel:
    which: int

    async def __call__(self, world: World) -> None:
        await world.cancel(world.mails[self.which % len(world.mails)])


@dataclass(frozen=True)
class Retry:
    which: int
    unknown: UnknownDecision | None

    async def __call__(self, world: World) -> None:
        await world.retry(world.mails[self.which % len(world.mails)], self.unknown)


@dataclass(frozen=True)
class Pass:
    ms: int

    async def __call__(self, world: World) -> None:
        world.now += self.ms


@dataclass(frozen=True)
class CreateKey:
    daily_quota: int | None

    async def __call__(self, world: World) -> None:
        await world.create_key(self.daily_quota)


@dataclass(frozen=True)
class ReplaceKey:
    daily_quota: int | None

    async def __call__(self, world: World) -> None:
        if world.secrets:
            await world.replace_key(self.daily_quota)


@dataclass(frozen=True)
class AcceptWithKey:
    recipients: int

    async def __call__(self, world: World) -> None:
        if world.secrets:
            with suppress(QuotaExceeded):
                await world.accept(self.recipients, has_key=True)


@dataclass(frozen=True)
class LiveAUser:
    """Added, with two tokens, one of which is edited, and perhaps deleted."""

    is_deleted: bool

    async def __call__(self, world: World) -> None:
        owner = await world.add_user(f"{len(await world.store.users())}.{world.now}@example.com")
        tokens = world.accounts.tokens
        created = await tokens.create(owner.id, description="laptop", roles=["api_write", "api_read"])
        other = await tokens.create(owner.id, description="", roles=["api_read"], expires_at=world.now + 1)
        await tokens.edit(owner.id, created.token.token_id, description="desk", expires_at=world.now + 60_000)
        await tokens.revoke(owner.id, other.token.token_id)
        if self.is_deleted:
            with suppress(Conflict):
                await world.accounts.users.delete(owner.user_id)


@dataclass(frozen=True)
class Suppress:
    """The address, or no longer if it is already."""

    address: str
    expires_after_ms: int | None

    async def __call__(self, world: World) -> None:
        known = await world.suppressions.find(self.address)
        if known is None:
            await world.suppress(self.address, self.expires_after_ms)
        else:
            await world.suppressions.remove(known.id)
        await world.suppressions.record_ends()


answers = st.sampled_from([*ANSWERS, "nothing"])
accepts = st.builds(Accept, st.integers(1, 4), st.sampled_from([None, None, 60_000]))
works = st.builds(Work, st.lists(answers, min_size=1, max_size=6))
tells = st.builds(Tell, st.integers(0, 20), st.sampled_from([*EVENTS]), st.sampled_from([1, 1, 2, 3]))
brings = st.builds(
    Bring, st.integers(0, 20), st.sampled_from(get_args(NoticeKind)), st.sampled_from([1, 1, 2]), st.booleans(),
    st.integers(1, 2),
)  # fmt: skip
pauses = st.builds(Pass, st.sampled_from([1_000, 31_000, 31_000, 31_000, 25 * 3_600_000]))
# Some more often than others, so that most of what happens is hand-overs.
quotas = st.sampled_from([None, 3, 5])
keys = st.one_of(
    st.builds(CreateKey, quotas), st.builds(ReplaceKey, quotas), st.builds(AcceptWithKey, st.integers(1, 3))
)
cancels = st.builds(Cancel, st.integers(0, 20))
suppresses = st.builds(Suppress, st.sampled_from(["0@example.net", "1@example.net"]), st.sampled_from([None, 60_000]))
retries = st.builds(Retry, st.integers(0, 20), st.sampled_from([None, "resend", "sent"]))
steps = st.one_of(
    accepts, works, works, works, pauses, pauses, tells, tells, brings, brings, keys, keys,
    st.builds(AnswerLate, answers), st.builds(LiveAUser, st.booleans()), cancels, retries, retries,
    suppresses, suppresses,
)  # fmt: skip
pasts: st.SearchStrategy[list[Step]] = st.builds(
    lambda first, later: [first, *later], accepts, st.lists(steps, min_size=5, max_size=30)
)
