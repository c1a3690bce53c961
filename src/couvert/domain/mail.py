"""A mail as it is asked for and as it is accepted: one event, and one waiting delivery per recipient."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Final, NamedTuple

from couvert.domain import names, retry
from couvert.domain.attachments import Attachment
from couvert.domain.delivery import Delivery, State

TRANSACTIONAL: Final = 0
BULK: Final = 1
NO_VALUES: Final[Mapping[str, str]] = {}


class Recipient(NamedTuple):
    email: str
    name: str | None = None
    company: str | None = None
    email_recipient_id: str | None = None
    variables: Mapping[str, str] | None = None


class Sender(NamedTuple):
    email: str
    name: str | None = None
    organisation_name: str | None = None


class References(NamedTuple):
    """The client's own names for things; couvert stores and echoes them."""

    email_id: str | None = None
    client_env_id: str | None = None
    project_id: str | None = None
    closure_id: str | None = None
    queued_at: str | None = None
    """When a message of the queue was put there, as its sender wrote it."""


class AcceptMail(NamedTuple):
    """The command: send this to each of these, personalised. Times are milliseconds since 1970."""

    sender: Sender
    recipients: tuple[Recipient, ...]
    subject: str
    html: str | None = None
    text: str | None = None
    reply_to: str | None = None
    variables: Mapping[str, str] = NO_VALUES
    references: References = References()
    due_at: int | None = None
    expires_at: int | None = None
    tags: tuple[str, ...] = ()
    headers: Mapping[str, str] = NO_VALUES
    """The mail's own, sent as they are."""
    attachments: tuple[Attachment, ...] = ()
    built_in: Set[str] = names.BUILT_IN
    """The names that its templates may use without defining them."""
    is_bulk: bool = False
    """Nobody waits for it, however few its recipients are."""


@dataclass(frozen=True, slots=True)
class MailAccepted:
    """The mail and all its deliveries exist; recipient n's delivery is the mail's id plus n."""

    count: int
    priority: int
    due_at: int
    give_up_at: int
    expires_at: int | None = None
    key_id: int | None = None
    user_id: int | None = None
    """Whose token asked, where it was a token."""

    @property
    def poster(self) -> int:
        """Whoever shares the pace with others; 0 for the command line."""
        return self.key_id or self.user_id or 0


def accept(command: AcceptMail, *, now: int, key_id: int | None, user_id: int | None = None) -> MailAccepted:
    """What accepting means for the queue. One recipient is somebody who waits; several are bulk, and let it pass."""
    due_at = max(command.due_at or now, now)
    is_bulk = command.is_bulk or len(command.recipients) > 1
    return MailAccepted(
        count=len(command.recipients),
        priority=BULK if is_bulk else TRANSACTIONAL,
        due_at=due_at,
        give_up_at=due_at + retry.GIVE_UP_AFTER_MS,
        expires_at=command.expires_at,
        key_id=key_id,
        user_id=user_id,
    )


def born(mail_id: int, n: int, event: MailAccepted) -> Delivery:
    """Recipient n's delivery, as the acceptance leaves it."""
    return Delivery(
        id=mail_id + n,
        mail_id=mail_id,
        state=State.QUEUED,
        attempt=0,
        is_begun=False,
        deferrals=0,
        is_resent=False,
        due_at=event.due_at,
        expires_at=event.expires_at,
        give_up_at=event.give_up_at,
        priority=event.priority,
        poster=event.poster,
    )
