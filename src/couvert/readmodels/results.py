"""What the log says for the result queue: each outcome of a recipient, with all that is told of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from couvert.domain.delivery import State
from couvert.domain.delivery_events import (
    Bounced,
    Cancelled,
    Complained,
    Confirmed,
    Delayed,
    Delivered,
    Expired,
    Failed,
    OutcomeUnknown,
    ResolvedAsSent,
    Sent,
    Suppressed,
)
from couvert.domain.mail import MailAccepted, References
from couvert.domain.results import TAKEN, has_results, is_result
from couvert.readmodels.connections import open_read_only, snapshot
from couvert.readmodels.fetch import fetch, listed
from couvert.readmodels.folds import (
    FollowedDelivery,
    FollowedMail,
    Heard,
    accepted_mail,
    born_delivery,
    followed,
    is_delivery_event,
)
from couvert.store import codec
from couvert.store.log import Position
from couvert.store.sqlite.store import FILE

WINDOW: Final = 2_000
"""Events that are looked at in one transaction: 20 ms at most. So many results may be told again after a crash."""
_END: Final = (1 << 63) - 1
_LEADING: Final = frozenset({
    Sent, Confirmed, ResolvedAsSent, Delayed, Delivered, Bounced, Complained,
    Failed, Suppressed, Expired, Cancelled, OutcomeUnknown,
})  # fmt: skip
"""What may lead to an outcome."""
_CODES: Final = [code for code, (_, event) in codec.STORED.items() if event in _LEADING]

# As JSON each, for the reason that stands in `fetch`.
_HEARD: Final = """
select json_group_array(json_array(stream, part)) from event
where position > ? and position <= ? and type in (select value from json_each(?))
"""
_MAILS: Final = """
select json_group_array(json_array(e.stream, e.position, e.at, e.type, e.payload)) from json_each(?) wanted
cross join event e indexed by event_stream on e.stream = wanted.value and e.part = 0
"""
_EVENTS: Final = """
select json_group_array(json_array(e.position, e.stream, e.part, e.at, e.type, e.payload)) from json_each(?) wanted
cross join event e indexed by event_stream on e.stream = wanted.value ->> 0 and e.part = wanted.value ->> 1
where e.position <= ?
"""
_REFERENCES: Final = """
select json_group_array(json_array(mail_id, email_id, client_env_id, project_id, closure_id, queued_at)) from content
where mail_id in (select value from json_each(?))
"""
_RECIPIENTS: Final = """
select json_group_array(json_array(delivery_id, email, email_recipient_id)) from recipient
where delivery_id in (select value from json_each(?))
"""
_WORDS: Final = """
select json_group_array(json_array(position, words)) from note where position in (select value from json_each(?))
"""


class Outcome(NamedTuple):
    """What became of a recipient, as an event left it."""

    state: State
    at: int
    """When it came to be so; for one that was taken, when the provider took it."""
    accepted_at: int
    provider_id: str | None
    words: str | None
    """Of trouble: the provider's, or ours."""
    references: References
    recipient: str | None
    """Address; None if it was erased."""
    email_recipient_id: str | None


class Look(NamedTuple):
    outcomes: Sequence[Outcome]
    """In the order of their events."""
    end: Position
    """Up to where it was looked at."""
    is_all: bool
    """There was no more to look at."""


class _Step(NamedTuple):
    """An event of a recipient, and the delivery before and after it."""

    position: Position
    at: int
    accepted_at: int
    before: FollowedDelivery
    after: FollowedDelivery

    @property
    def is_result(self) -> bool:
        return is_result(self.before.delivery.state, self.after.delivery.state)


class ResultSource:
    """Read-only, for one thread at a time. Raises sqlite3.Error."""

    def __init__(self, directory: Path) -> None:
        self._database = open_read_only(directory / FILE)

    def close(self) -> None:
        self._database.close()

    def look(self, after: Position) -> Look:
        """At what happened after this position, up to `WINDOW` events on."""
        with snapshot(self._database):
            [(last,)] = self._database.execute("select coalesce(max(position), 0) from event").fetchall()
            end = min(last, after + WINDOW)
            heard = {(mail_id, part) for mail_id, part in self._fetch(_HEARD, after, end, listed(_CODES))}
            steps = (step for story in self._stories(heard, end) for step in story)
            told = sorted(step for step in steps if step.position > after and step.is_result)
            return Look(self._told(told), end, is_all=end == last)

    def outcome(self, delivery_id: int) -> Outcome | None:
        """As it stands; None while it has none, or if there is no such delivery."""
        with snapshot(self._database):
            sql = "select mail_id, id - mail_id from delivery where id = ?"
            found = self._database.execute(sql, (delivery_id,)).fetchall()
            steps = [step for story in self._stories(found, _END) for step in story]
            if not steps or steps[-1].after.delivery.state is State.QUEUED:
                return None
            return self._told([step for step in steps if step.is_result][-1:])[0]

    # --- Details, in the order they are called ------------------------------------------------------------------------

    def _stories(self, parts: Collection[tuple[int, int]], end: Position) -> Iterator[list[_Step]]:
        """Of these recipients, as far as they have results, from the acceptance on."""
        mails = self._mails({mail_id for mail_id, _ in parts})
        pairs = msgspec.json.encode([part for part in parts if part[0] in mails]).decode()
        events: dict[tuple[int, int], list[Heard]] = defaultdict(list)
        for position, mail_id, part, at, code, payload in sorted(self._fetch(_EVENTS, pairs, end)):
            event = codec.decode(code, payload)
            if is_delivery_event(event):
                events[mail_id, part].append((position, at, event))
        for (mail_id, part), heard in events.items():
            yield _steps(mails[mail_id], part, heard)

    def _mails(self, wanted: Collection[int]) -> dict[int, FollowedMail]:
        """Those whose recipients have results."""
        mails: dict[int, FollowedMail] = {}
        for mail_id, position, at, code, payload in self._fetch(_MAILS, listed(wanted)):
            event = codec.decode(code, payload)
            if isinstance(event, MailAccepted) and has_results(event):
                mails[mail_id] = accepted_mail(mail_id, event, at=at, position=position)
        return mails

    def _told(self, steps: Sequence[_Step]) -> list[Outcome]:
        """With what the vault has of them."""
        deliveries = [step.after.delivery for step in steps]
        mails, ids = ({delivery.mail_id for delivery in deliveries}, {delivery.id for delivery in deliveries})
        references = {mail_id: References(*names) for mail_id, *names in self._fetch(_REFERENCES, listed(mails))}
        recipients = {delivery_id: names for delivery_id, *names in self._fetch(_RECIPIENTS, listed(ids))}
        words = dict(self._fetch(_WORDS, listed([step.after.error_position or 0 for step in steps])))
        return [
            _outcome(
                step,
                references.get(step.after.delivery.mail_id, References()),
                recipients.get(step.after.delivery.id, (None, None)),
                words.get(step.after.error_position),
            )
            for step in steps
        ]

    def _fetch(self, sql: str, *values: object) -> list[Any]:
        return fetch(self._database, sql, *values)


def _steps(mail: FollowedMail, part: int, story: Iterable[Heard]) -> list[_Step]:
    steps: list[_Step] = []
    before = born_delivery(mail, part)
    for position, at, event in story:
        after = followed(before, [(position, at, event)])
        steps.append(_Step(position, at, mail.accepted_at, before, after))
        before = after
    return steps


def _outcome(step: _Step, references: References, recipient: Sequence[str | None], words: str | None) -> Outcome:
    state, sent_at, provider_id = (
        step.after.delivery.state, step.after.sent_at, step.after.provider_message_id
    )  # fmt: skip
    if state not in TAKEN:
        return Outcome(state, step.at, step.accepted_at, None, words, references, *recipient)
    return Outcome(state, sent_at or step.at, step.accepted_at, provider_id, None, references, *recipient)
