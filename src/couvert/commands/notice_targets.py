"""Whom the statements of a notice are about: the deliveries, and which attempt of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import NamedTuple

from couvert.commands.rows import encodable
from couvert.delivery.letters import to_ascii
from couvert.domain.delivery import has_begun
from couvert.domain.delivery_events import Confirmed, Sent
from couvert.domain.notice_statements import NoticeEvent, Statement
from couvert.store.port import Store
from couvert.store.rows import StoredDelivery

Told = tuple[NoticeEvent, str | None]
"""An event and the provider's words about it."""


class _Target(NamedTuple):
    stored: StoredDelivery
    attempt: int


@dataclass(slots=True)
class Found:
    """Whom the statements of one notice are about."""

    told: dict[int, tuple[StoredDelivery, list[Told]]] = field(default_factory=dict)
    strangers: int = 0
    is_early: bool = False
    """Nothing is known yet by the id that the provider gave the message; our own record may be under way."""

    def add(self, target: _Target, statement: Statement) -> None:
        _, told = self.told.setdefault(target.stored.delivery.id, (target.stored, []))
        told.append((statement.event(target.attempt), encodable(statement.words)))


async def found_of(store: Store, statements: Sequence[Statement]) -> Found:
    found = Found()
    is_alone = len({statement.recipient for statement in statements}) == 1
    for statement in statements:
        target = await _target(store, statement, is_alone=is_alone)
        if target is not None:
            found.add(target, statement)
        elif statement.subject.is_named_by_provider_alone:
            found.is_early = True
        else:
            found.strangers += 1
    return found


async def _target(store: Store, statement: Statement, *, is_alone: bool) -> _Target | None:
    """By what travelled with the message, the surest first. A notice about one recipient may write the address as
    that one's server knows it, if it is clear which of ours it is about.
    """
    tagged, delivery_id, provider_id = statement.subject
    named: list[tuple[int, int | None]] = [tagged] if tagged else []
    handed = await store.handed_over_as(provider_id) if provider_id else []
    is_alone = is_alone and (tagged is not None or len({each.delivery_id for each in handed}) <= 1)
    named += handed
    if delivery_id is not None:
        named.append((delivery_id, None))  # its last attempt: all have the same Message-ID
    for each, its_attempt in named:
        stored = await store.delivery(each)
        if stored is None:
            continue
        if not await _is_to(store, each, statement) and (not is_alone or await _is_anothers(store, stored, statement)):
            continue
        attempt = stored.delivery.attempt if its_attempt is None else its_attempt
        if has_begun(stored.delivery, attempt):
            return _Target(stored, attempt)
    return None


async def _is_to(store: Store, delivery_id: int, statement: Statement) -> bool:
    recipient = await store.recipient(delivery_id)
    if statement.recipient is None or recipient is None:
        return statement.recipient is None
    return _plain(recipient.email) == _plain(statement.recipient)


async def _is_anothers(store: Store, stored: StoredDelivery, statement: Statement) -> bool:
    """Whether the provider knows the attempt that it is tagged with by another id: where the notices of two
    installations come together, ids that were made in the same millisecond are alike.
    """
    tagged, _, provider_id = statement.subject
    if tagged is None or provider_id is None:
        return False
    timeline = await store.timeline(stored.delivery.mail_id, stored.delivery.id - stored.delivery.mail_id)
    events = (noted.logged.event for noted in timeline)
    taken = [event for event in events if isinstance(event, (Sent, Confirmed)) and event.attempt == tagged[1]]
    return bool(taken) and all(event.provider_id != provider_id for event in taken)


def _plain(address: str) -> str:
    """`Bob <bob@Example.org>` as `bob@example.org`: providers write addresses in their own way."""
    bare = parseaddr(address)[1] or address
    try:
        return to_ascii(bare).lower()
    except UnicodeError:
        return bare.lower()
