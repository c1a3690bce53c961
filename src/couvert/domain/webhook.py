"""A webhook: which events are told to which address, and with which secrets they are signed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple, assert_never

from couvert.domain.refusals import Conflict, NotFound

OVERLAP_MS: Final = 24 * 3_600_000
"""How long the former secret still signs, so that a receiver may learn the new one in peace."""
TOLD: Final = ("mail.", "delivery.", "suppression.")
"""Kinds of events that webhooks tell of; the others are about who may use the installation."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Kept as they are, since they sign; never shown where one is printed by mistake."""

    current: str = field(default="", repr=False)
    former: str | None = field(default=None, repr=False)
    former_until: int | None = None

    def valid_at(self, now: int) -> tuple[str, ...]:
        """All that a message is signed with now, the current one first."""
        if self.former is None or self.former_until is None or now >= self.former_until:
            return (self.current,)
        return (self.current, self.former)


class Terms(NamedTuple):
    """What its owner decides."""

    url: str
    description: str
    types: tuple[str, ...]
    """Names of events such as `delivery.bounced`, or their beginnings: `delivery.*`, `*`."""
    tags: tuple[str, ...] = ()
    """Only mails with one of these; empty: any mail."""
    project_id: str | None = None
    includes_recipient: bool = False
    is_active: bool = True


class Webhook(NamedTuple):
    id: int
    webhook_id: str
    """The UUID that clients see."""
    created_at: int
    is_deleted: bool
    off_reason: str | None
    """Why we switched it off; None if its owner did, or nobody."""
    terms: Terms
    secrets: Secrets


# --- What happened: neither addresses nor secrets are in events -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WebhookCreated:
    webhook_id: str
    types: tuple[str, ...]
    includes_recipient: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class WebhookEdited:
    """Its terms, as they are from now on; some of them are in its row alone."""

    types: tuple[str, ...]
    includes_recipient: bool
    is_active: bool


@dataclass(frozen=True, slots=True)
class WebhookSecretRotated:
    former_until: int


@dataclass(frozen=True, slots=True)
class WebhookSwitchedOff:
    """By couvert: the receiver answered 410, it is gone."""

    reason: Literal["gone"]


@dataclass(frozen=True, slots=True)
class WebhookDeleted:
    pass


WebhookEvent = WebhookCreated | WebhookEdited | WebhookSecretRotated | WebhookSwitchedOff | WebhookDeleted

NO_TERMS: Final = Terms("", "", (), is_active=False)


def blank(id_: int) -> Webhook:
    """Before its first event."""
    return Webhook(id_, "", 0, is_deleted=False, off_reason=None, terms=NO_TERMS, secrets=Secrets())


def evolve(webhook: Webhook, event: WebhookEvent, at: int) -> Webhook:
    """The webhook after the event; what no event tells was put into it before."""
    match event:
        case WebhookCreated(webhook_id, types, includes_recipient, is_active):
            terms = _changed(webhook.terms, types, includes_recipient, is_active)
            return webhook._replace(webhook_id=webhook_id, created_at=at, terms=terms)
        case WebhookEdited(types, includes_recipient, is_active):
            terms = _changed(webhook.terms, types, includes_recipient, is_active)
            return webhook._replace(terms=terms, off_reason=None if is_active else webhook.off_reason)
        case WebhookSecretRotated():
            return webhook
        case WebhookSwitchedOff(reason):
            return webhook._replace(terms=webhook.terms._replace(is_active=False), off_reason=reason)
        case WebhookDeleted():
            return webhook._replace(is_deleted=True, off_reason=None, terms=NO_TERMS, secrets=Secrets())
        case _:
            assert_never(event)


def _changed(terms: Terms, types: tuple[str, ...], includes_recipient: bool, is_active: bool) -> Terms:  # noqa: FBT001
    return terms._replace(types=types, includes_recipient=includes_recipient, is_active=is_active)


# --- What is decided --------------------------------------------------------------------------------------------------


def create(webhook_id: str, terms: Terms) -> list[WebhookEvent]:
    return [WebhookCreated(webhook_id, terms.types, terms.includes_recipient, terms.is_active)]


def replace(webhook: Webhook | None, terms: Terms) -> list[WebhookEvent]:
    """Nothing if it is so already."""
    if existing(webhook).terms == terms:
        return []
    return [WebhookEdited(terms.types, terms.includes_recipient, terms.is_active)]


def rotate(webhook: Webhook | None, now: int) -> list[WebhookEvent]:
    existing(webhook)
    return [WebhookSecretRotated(now + OVERLAP_MS)]


def switch_off(webhook: Webhook | None, url: str) -> list[WebhookEvent]:
    """Nobody is at this address. Nothing if it is off already, was deleted, or leads elsewhere meanwhile."""
    if webhook is None or webhook.is_deleted or not webhook.terms.is_active or webhook.terms.url != url:
        return []
    return [WebhookSwitchedOff("gone")]


def delete(webhook: Webhook | None) -> list[WebhookEvent]:
    existing(webhook)
    return [WebhookDeleted()]


def existing(webhook: Webhook | None) -> Webhook:
    """Raises `NotFound`, also for one that was deleted."""
    if webhook is None or webhook.is_deleted:
        raise NotFound("The webhook does not exist")
    return webhook


def active(webhook: Webhook | None) -> Webhook:
    """Raises `NotFound`, and `Conflict` if it is switched off."""
    webhook = existing(webhook)
    if not webhook.terms.is_active:
        raise Conflict("The webhook is switched off, so nothing is sent to it: replace it with isActive true first.")
    return webhook


# --- Which events it wants --------------------------------------------------------------------------------------------


def matching(patterns: Iterable[str], names: Iterable[str]) -> frozenset[str]:
    """The names that one of the patterns means, of those that webhooks tell of."""
    wanted = tuple(patterns)
    return frozenset(name for name in names if name.startswith(TOLD) and any(_means(p, name) for p in wanted))


def is_choosy(terms: Terms) -> bool:
    """Whether it wants to hear of some mails only; then what is of no mail is not for it."""
    return bool(terms.tags) or terms.project_id is not None


def wants_mail(terms: Terms, tags: Collection[str], project_id: str | None) -> bool:
    """Whether a mail of these labels is one that it wants to hear of."""
    if terms.project_id is not None and terms.project_id != project_id:
        return False
    return not terms.tags or not set(terms.tags).isdisjoint(tags)


def _means(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern == "*" or pattern.endswith(".*") else pattern == name
