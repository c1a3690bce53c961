"""The queues of Amazon SQS that the settings name: is each of them there, what waits, and what nobody could read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from couvert.domain.finding import Finding, note, unknown, well, wrong
from couvert.settings import WrongSetting

if TYPE_CHECKING:
    from couvert.delivery.sqs import QueueState
    from couvert.wiring import Parts

MANY: Final = 10_000
DEAD_LETTERS: Final = "dead letters"
NAMED: Final = {
    "notice_queue_url": "notice queue",
    "queue_url": "bulk queue",
    "result_queue_url": "result queue",
    "dead_letter_queue_url": DEAD_LETTERS,
}
"""What the setting names, by the setting."""


async def queues(parts: Parts) -> Sequence[Finding]:
    named = [setting for setting in NAMED if getattr(parts.settings, setting) is not None]
    return [*[await _looked_at(parts, setting) for setting in named], *await _kept(parts)]


async def _looked_at(parts: Parts, setting: str) -> Finding:
    from couvert import wiring

    subject, address = NAMED[setting], getattr(parts.settings, setting)
    try:
        queue = wiring.queue_of(parts.settings, setting)
    except WrongSetting as fault:
        return wrong(subject, str(fault))
    assert queue is not None
    from couvert.delivery.sqs import QueueRefused, QueueTrouble

    try:
        return _judged(subject, address, await queue.state())
    except QueueRefused as refusal:
        if refusal.is_missing:
            return wrong(subject, f"{address} does not exist: create it, or correct COUVERT_{setting.upper()}")
        if refusal.is_forbidden:
            return unknown(subject, f"could not be checked: allow {refusal.right}")
        return wrong(subject, f"{address}: {refusal}")
    except QueueTrouble as trouble:
        return wrong(subject, f"{address} cannot be asked: {trouble}")
    finally:
        await queue.close()


def _judged(subject: str, address: str, state: QueueState) -> Finding:
    if subject == DEAD_LETTERS:
        return _judged_dead(address, state.waiting + state.under_way)
    sentence = f"{address}: {state.waiting:,} waiting, {state.under_way:,} being worked on"
    if state.waiting > MANY:
        return note(subject, f"{sentence}; if that does not shrink, look at whoever reads it")
    return well(subject, sentence)


def _judged_dead(address: str, messages: int) -> Finding:
    if not messages:
        return well(DEAD_LETTERS, f"{address}: empty")
    sentence = f"{address}: {messages:,} of which no mail was made"
    return wrong(DEAD_LETTERS, f"{sentence}: read why (couvert-fault), repair what writes them, and send them anew")


async def _kept(parts: Parts) -> Sequence[Finding]:
    """Without a queue for them, or while that takes none, they stay here."""
    kept = await parts.store.count_kept_messages()
    if not kept:
        return []
    sentence = f"{kept:,} kept here, of which no mail can be made"
    if parts.settings.dead_letter_queue_url is None:
        return [wrong(DEAD_LETTERS, f"{sentence}: `couvert queue list` says why, `couvert queue drop` forgets them")]
    return [note(DEAD_LETTERS, f"{sentence}: a running `couvert serve` moves them there")]
