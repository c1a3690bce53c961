"""Notices: when the last one came, whether they come at all, and whether they are read."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from couvert.cli.times import utc
from couvert.domain.finding import Finding, note, well, wrong
from couvert.store.notices import IN_VAIN, NoticeTotal

if TYPE_CHECKING:
    from couvert.wiring import Parts

LATEST_MS: Final = 15 * 60_000
"""SES tells within seconds that it took a mail; who hears nothing for so long hears nothing at all."""
SOON_MS: Final = 60_000
"""By then it usually has told."""
LATELY_MS: Final = 24 * 3_600_000
LONGEST_UNREAD_MS: Final = 60_000


async def notices(parts: Parts) -> Sequence[Finding]:
    totals = await parts.store.notice_totals()
    last = max((total.last_received_at for total in totals), default=None)
    return [
        *([await _last(parts, last)] if parts.transport.name == "ses" or last is not None else []),
        *_mailbox(parts.settings.bounce_mailbox),
        *await _unread(parts),
        *_in_vain(totals),
    ]


async def _last(parts: Parts, last: int | None) -> Finding:
    """Who has sent nothing is told nothing."""
    from couvert import wiring

    now = wiring.now_ms()
    taken = await parts.store.last_taken_at(now - LATEST_MS)
    when = "none was ever seen" if last is None else f"the last one came {utc(last)}"
    is_silent = taken is not None and taken > now - LATELY_MS and (last is None or last < taken)
    if is_silent and parts.transport.name == "ses":
        sentence = f"{when}, though a mail was handed over {utc(taken)}"
        return wrong("last notice", f"{sentence}: follow their way, above, and look at the topic's delivery log")
    soon = await parts.store.last_taken_at(now - SOON_MS) if last is None else None
    if soon is not None and parts.transport.name == "ses":
        # Long ago, so that another provider may have taken it; or just now, so that the first may still be under way.
        sentence = f"{when}, though a mail was handed over {utc(soon)}; SES tells within seconds"
        return note("last notice", f"{sentence}: if it was SES that took it, follow their way, above")
    return well("last notice", when)


def _mailbox(folder: Path | None) -> Sequence[Finding]:
    if folder is None:
        return []
    if not (folder / "new").is_dir():
        sentence = f"{folder} is no Maildir, it has no folder `new`"
        return [wrong("mailbox", f"{sentence}: set COUVERT_BOUNCE_MAILBOX to the one that bounces are put into")]
    # A mail is moved from one to the other; `cur` is made if it is not there.
    target = folder / "cur" if (folder / "cur").exists() else folder
    if not all(os.access(place, os.R_OK | os.W_OK | os.X_OK) for place in (folder / "new", target)):
        return [wrong("mailbox", f"{folder} and what is in it must be readable and writable for who runs couvert")]
    return [well("mailbox", f"{folder} is there")]


async def _unread(parts: Parts) -> Sequence[Finding]:
    from couvert import wiring

    oldest, now = await parts.store.oldest_unread_notice(), wiring.now_ms()
    if oldest is None or oldest > now - LONGEST_UNREAD_MS:
        return []
    sentence = f"one has waited for {(now - oldest) // 60_000:,} minutes to be read"
    if not wiring.ServeLock(parts.settings.data_dir).is_taken():
        return [note("notices", f"{sentence}: start `couvert serve`")]
    return [wrong("notices", f"{sentence}: look for `notices` in the log, and restart `couvert serve`")]


def _in_vain(totals: Sequence[NoticeTotal]) -> Sequence[Finding]:
    number = sum(total.number for total in totals if total.result in IN_VAIN)
    if not number:
        return []
    return [note("notices", f"{number:,} said nothing that we could use; `couvert notice list --failed` shows them")]
