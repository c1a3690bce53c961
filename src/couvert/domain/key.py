"""A /v1 API key: who may send, from which origins, until when."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple, assert_never

from couvert.domain.allowance import Allowance
from couvert.domain.origin import matches, parse_origin
from couvert.domain.refusals import NotFound, RuleBroken, Unauthorized
from couvert.domain.restrictions import NONE, Restrictions


class NamedOrigin(NamedTuple):
    name: str
    created_at: int


class ApiKey(NamedTuple):
    """A key's state. The key itself is shown once; only its hash is kept. Times are milliseconds since 1970."""

    id: int
    key_id: str
    """The UUID that clients see."""
    hash: bytes
    name: str
    is_active: bool
    created_at: int
    expires_at: int | None
    origins: tuple[NamedOrigin, ...]
    restrictions: Restrictions = NONE


@dataclass(frozen=True, slots=True)
class KeyCreated:
    key_id: str
    name: str
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class OriginsAdded:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KeyDeleted:
    pass


@dataclass(frozen=True, slots=True)
class KeyEdited:
    """Its name and its end, both as they are from now on."""

    name: str
    expires_at: int | None


@dataclass(frozen=True, slots=True)
class KeyRestricted:
    """All its restrictions, instead of those that it had. Its senders are in its row alone: events hold no address."""

    networks: tuple[str, ...]
    rate: Allowance | None
    daily_quota: int | None


@dataclass(frozen=True, slots=True)
class OriginsRemoved:
    names: tuple[str, ...]


KeyEvent = KeyCreated | OriginsAdded | KeyDeleted | KeyEdited | KeyRestricted | OriginsRemoved


def evolve(key: ApiKey, event: KeyEvent, at: int) -> ApiKey:
    """The key after the event, which happened at `at`."""
    match event:
        case KeyCreated(key_id, name, expires_at):
            return key._replace(key_id=key_id, name=name, expires_at=expires_at, is_active=True, created_at=at)
        case OriginsAdded(names):
            return key._replace(origins=(*key.origins, *(NamedOrigin(name, at) for name in names)))
        case KeyDeleted():
            return key._replace(is_active=False)
        case KeyEdited(name, expires_at):
            return key._replace(name=name, expires_at=expires_at)
        case KeyRestricted(networks, rate, daily_quota):
            return key._replace(restrictions=Restrictions(key.restrictions.senders, networks, rate, daily_quota))
        case OriginsRemoved(names):
            return key._replace(origins=tuple(origin for origin in key.origins if origin.name not in names))
        case _:
            assert_never(event)


def create(
    *,
    key_id: str,
    name: str,
    origins: Iterable[str],
    expires_at: int | None,
    now: int,
    restrictions: Restrictions = NONE,
) -> list[KeyEvent]:
    _check_expiry(expires_at, now)
    events: list[KeyEvent] = [KeyCreated(key_id, name, expires_at)]
    if names := tuple(dict.fromkeys(origins)):
        events.append(OriginsAdded(names))
    if restrictions != NONE:
        events.append(_restricted(restrictions))
    return events


def replace(
    key: ApiKey | None,
    *,
    name: str,
    expires_at: int | None,
    restrictions: Restrictions,
    origins: Iterable[str] | None,
    now: int,
) -> list[KeyEvent]:
    """What is different only; None leaves the origins as they are."""
    key = existing(key)
    events: list[KeyEvent] = []
    if (name, expires_at) != (key.name, key.expires_at):
        if expires_at != key.expires_at:
            _check_expiry(expires_at, now)
        events.append(KeyEdited(name, expires_at))
    if restrictions != key.restrictions:
        events.append(_restricted(restrictions))
    if origins is not None:
        wanted = tuple(origins)
        if gone := tuple(origin.name for origin in key.origins if origin.name not in wanted):
            events.append(OriginsRemoved(gone))
        events += add_origins(key, wanted)
    return events


def add_origins(key: ApiKey | None, origins: Iterable[str]) -> list[KeyEvent]:
    """The newly added ones only; nothing at all if the key has them already."""
    known = {origin.name for origin in existing(key).origins}
    new = tuple(name for name in dict.fromkeys(origins) if name not in known)
    return [OriginsAdded(new)] if new else []


def remove_origin(key: ApiKey | None, origin: str) -> list[KeyEvent]:
    if origin not in {named.name for named in existing(key).origins}:
        raise NotFound("The API key has no such origin")
    return [OriginsRemoved((origin,))]


def delete(key: ApiKey | None) -> list[KeyEvent]:
    existing(key)
    return [KeyDeleted()]


def admit(key: ApiKey | None, origin: str | None, now: int) -> ApiKey:
    """The key, if it may be used now and from this origin; `Unauthorized` says what is wrong."""
    if key is None:
        raise Unauthorized("Invalid API key")
    if not key.is_active:
        raise Unauthorized("API key is inactive")
    if key.expires_at is not None and now >= key.expires_at:
        raise Unauthorized("API key has expired")
    if not origin:
        raise Unauthorized("Origin header is missing")
    parsed = parse_origin(origin)
    if parsed is None or not any(matches(named.name, parsed) for named in key.origins):
        raise Unauthorized("Origin is not allowed for this API key")
    return key


def with_senders(key: ApiKey, senders: tuple[str, ...]) -> ApiKey:
    """What no event tells; said before the events are folded."""
    return key._replace(restrictions=dataclasses.replace(key.restrictions, senders=senders))


def _restricted(to: Restrictions) -> KeyRestricted:
    return KeyRestricted(to.networks, to.rate, to.daily_quota)


def _check_expiry(expires_at: int | None, now: int) -> None:
    if expires_at is not None and expires_at <= now:
        raise RuleBroken("expires_at is in the past; give a later time, or null for a key that does not expire")


def existing(key: ApiKey | None) -> ApiKey:
    """Raises `NotFound`, also for one that was deleted."""
    if key is None or not key.is_active:
        raise NotFound("The API key does not exist")
    return key
