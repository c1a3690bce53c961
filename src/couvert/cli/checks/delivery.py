"""The way of the mails: is somebody delivering, does the provider answer, what waits, what is in doubt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from couvert.cli.checks.surroundings import surroundings
from couvert.cli.times import utc
from couvert.delivery.transport import Examined, Unreachable
from couvert.domain import ids
from couvert.domain.delivery import State
from couvert.domain.finding import Finding, note, well, wrong
from couvert.domain.refusals import Unavailable

if TYPE_CHECKING:
    from couvert.wiring import Parts

LONGEST_DUE_MS: Final = 5 * 60_000
MOST_BEHIND: Final = 50_000
FIRST: Final = 0
LAST: Final = (1 << 63) - 1
NAMED: Final = 3


async def serve(parts: Parts) -> Sequence[Finding]:
    from couvert import wiring

    url = wiring.ServeLock(parts.settings.data_dir).announced()
    if url is None and not _is_served(parts):
        return [note("serve", "no `couvert serve` runs on this data: nothing is accepted, and nothing delivered")]
    used, meant = wiring.last_provider(parts.settings.data_dir), wiring.kind_of(parts.settings)
    if used is not None and used != meant:
        sentence = f"`couvert serve` delivers by {used}, and the settings here say {meant}"
        return [wrong("serve", f"{sentence}: what follows is of other settings than those; run this with the same")]
    return [well("serve", f"`couvert serve` runs{f' at {url}' if url else ''}")]


async def transport(parts: Parts) -> Sequence[Finding]:
    from couvert import wiring

    if (fault := wiring.forgotten(parts.settings)) is not None:
        return [wrong("transport", fault)]
    try:
        if isinstance(parts.transport, Examined):
            return await parts.transport.examine(await surroundings(parts))
        (await parts.transport.channel()).release()
    except Unreachable as trouble:
        advice = "mail waits until it answers. Check COUVERT_TRANSPORT, the network and the provider's own status"
        return [wrong("transport", f"{trouble}; {advice}")]
    finally:
        await parts.transport.close()
    if parts.transport.name == "sandbox":
        return [well("transport", "sandbox: mail is kept here and reaches nobody; set COUVERT_TRANSPORT to send")]
    return [well("transport", f"{parts.transport.name} answers")]


async def queue(parts: Parts) -> Sequence[Finding]:
    from couvert import wiring

    now, due = wiring.now_ms(), await parts.store.next_wake()
    if due is not None and due < now - LONGEST_DUE_MS:
        advice = "look at the transport, above, and at the log" if _is_served(parts) else "start `couvert serve`"
        return [wrong("queue", f"a delivery has been due for {(now - due) // 60_000:,} minutes: {advice}")]
    return [well("queue", f"nothing is overdue; next at {utc(due)}")]


async def outcomes(parts: Parts) -> Sequence[Finding]:
    counts = await parts.store.states(first=FIRST, last=LAST)
    unknown, total = counts.get(State.UNKNOWN, 0), sum(counts.values())
    if not unknown:
        return [well("outcomes", f"deliveries: {total:,}, none of them unknown")]
    held = await parts.store.deliveries(first=FIRST, last=LAST, states={State.UNKNOWN})
    names = ", ".join(ids.encode("dlv", stored.delivery.id) for stored in held[:NAMED])
    which = f"{names}{' and others' if unknown > NAMED else ''}"
    advice = "ask the provider, then `couvert resolve` decides; GET /v2/mails?state=unknown lists their mails"
    return [note("outcomes", f"{unknown:,} of {total:,} deliveries are unknown, and held ({which}): {advice}")]


async def read_models(parts: Parts) -> Sequence[Finding]:
    from couvert.readmodels.read import ReadModels

    behind = await parts.store.position()
    try:
        with ReadModels(parts.settings.data_dir) as models:
            behind -= models.position()
    except Unavailable as trouble:
        if behind:
            return [(wrong if _is_served(parts) else note)("read models", trouble.message)]
        return [well("read models", "none yet; the first `couvert serve` makes them")]
    if behind > MOST_BEHIND and _is_served(parts):
        sentence = f"{behind:,} events behind the log; if that does not shrink, run `couvert rebuild`"
        return [wrong("read models", sentence)]
    return [well("read models", f"{behind:,} events behind the log; a running `serve` catches up")]


def _is_served(parts: Parts) -> bool:
    from couvert import wiring

    return wiring.ServeLock(parts.settings.data_dir).is_taken()
