"""Which recipients the result queue is told of, and when: those of bulk mails of /v1, at each outcome."""

from __future__ import annotations

from typing import Final

from couvert.domain.delivery import State
from couvert.domain.mail import BULK, MailAccepted

TAKEN: Final = frozenset({State.SENT, State.DELIVERED, State.BOUNCED, State.COMPLAINED})
"""By the provider; what it notices afterwards is no new outcome."""


def has_results(mail: MailAccepted) -> bool:
    """It came as a message of the queue: one recipient, and still bulk. Or it is one of ours whose recipients are such
    messages, whether they travel through the queue or are too large for it: several recipients, by a key of /v1.
    """
    if mail.count == 1:
        return mail.priority == BULK
    return mail.key_id is not None


def is_result(before: State, after: State) -> bool:
    """Whether an event that leads from the one state to the other is told."""
    if after is State.QUEUED or after is before:
        return False
    return not (before in TAKEN and after in TAKEN)
