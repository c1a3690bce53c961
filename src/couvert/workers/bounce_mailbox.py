"""Takes bounces from a Maildir: what lies in `new` is kept as a notice and moves to `cur`."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Final

import structlog

from couvert.commands.notice_intake import TakeNotices
from couvert.store.notices import Source
from couvert.workers.tasks import again_and_again, at_work

NAP_SECONDS: Final = 5.0
AT_ONCE: Final = 50
LONGEST: Final = 1_000_000
"""Bytes of a mail that are kept: the report comes first, the returned message after it."""

log = structlog.get_logger()


class BounceMailbox:
    def __init__(self, folder: Path, notices: TakeNotices, *, nap_seconds: float = NAP_SECONDS) -> None:
        self._folder = folder
        self._notices = notices
        self._nap_seconds = nap_seconds

    def at_work(self) -> AbstractAsyncContextManager[None]:
        return at_work(lambda: again_and_again(self._turn, "bounce_mailbox", (OSError,)))

    async def _turn(self) -> None:
        if not await self.take():
            await asyncio.sleep(self._nap_seconds)

    async def take(self) -> int:
        """How many were taken. Raises `OSError` and `Unavailable`; what was not moved is taken again, and kept once."""
        mails = await asyncio.to_thread(_mails, self._folder)
        if not mails:
            return 0
        await self._notices.keep(Source.MAILBOX, mails.values())
        return await asyncio.to_thread(_put_away, self._folder, list(mails))


def _mails(folder: Path) -> dict[str, bytes]:
    """Name -> content, the oldest first, as far as names of a Maildir tell. What cannot be read keeps none of the
    others: it stays, and is tried again.
    """
    mails: dict[str, bytes] = {}
    for path in sorted(path for path in (folder / "new").iterdir() if not path.name.startswith(".")):
        if len(mails) == AT_ONCE:
            break
        try:
            if path.is_file():  # A pipe would be waited for.
                mails[path.name] = _beginning(path)
        except OSError as fault:
            log.warning("bounce_mailbox.not_read", file=path.name, trouble=fault.strerror)
    return mails


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LONGEST)


def _put_away(folder: Path, names: list[str]) -> int:
    """How many. One that cannot be moved keeps none of the others; raises `OSError` if none can."""
    (folder / "cur").mkdir(exist_ok=True)
    faults: list[OSError] = []
    for name in names:
        try:
            (folder / "new" / name).rename(folder / "cur" / f"{name.partition(':')[0]}:2,S")
        except OSError as fault:
            log.warning("bounce_mailbox.not_moved", file=name, trouble=fault.strerror)
            faults.append(fault)
    if len(faults) == len(names):
        raise faults[0]
    return len(names) - len(faults)
