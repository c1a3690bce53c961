"""The queues of Amazon SQS that the settings name: is each of them there, and what waits in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from couvert.domain.finding import Finding, note, unknown, well, wrong

if TYPE_CHECKING:
    from couvert.delivery.sqs import QueueState
    from couvert.settings import Settings
    from couvert.wiring import Parts

MANY: Final = 10_000


class _Named(NamedTuple):
    subject: str
    setting: str
    address: str


async def queues(parts: Parts) -> Sequence[Finding]:
    return [await _looked_at(parts.settings, named) for named in _named(parts.settings)]


def _named(settings: Settings) -> list[_Named]:
    given = [("notice queue", "COUVERT_NOTICE_QUEUE_URL", settings.notice_queue_url)]
    return [_Named(subject, setting, address) for subject, setting, address in given if address]


async def _looked_at(settings: Settings, named: _Named) -> Finding:
    try:
        from couvert.delivery.sqs import Queue, QueueRefused, QueueTrouble
    except ImportError:
        return wrong(named.subject, f"{named.setting}: to use Amazon SQS: pip install couvert[aws]")
    try:
        queue = Queue(named.address, settings.aws_endpoint_url)
    except ValueError as fault:
        return wrong(named.subject, f"{named.setting}: {fault}")
    try:
        return _judged(named, await queue.state())
    except QueueRefused as refusal:
        if refusal.is_missing:
            return wrong(named.subject, f"{named.address} does not exist: create it, or correct {named.setting}")
        if refusal.is_forbidden:
            return unknown(named.subject, f"could not be checked: allow {refusal.right}")
        return wrong(named.subject, f"{named.address}: {refusal}")
    except QueueTrouble as trouble:
        return wrong(named.subject, f"{named.address} cannot be asked: {trouble}")
    finally:
        await queue.close()


def _judged(named: _Named, state: QueueState) -> Finding:
    sentence = f"{named.address}: {state.waiting:,} messages wait, {state.under_way:,} are being worked on"
    if state.waiting > MANY:
        return note(named.subject, f"{sentence}; if that does not shrink, look at the log of `couvert serve`")
    return well(named.subject, sentence)
