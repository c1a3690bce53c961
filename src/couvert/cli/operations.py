"""`couvert audit`, `rebuild` and `migrate`: prove the log, make the read models anew, bring the files up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from couvert.cli.options import Data, settings, with_parts

if TYPE_CHECKING:
    from couvert.wiring import Parts


def migrate(data: Data = None) -> None:
    """Create the data directory's files, or bring them to this version's schema; `serve` does so by itself."""

    async def position(parts: Parts) -> int:
        return await parts.store.position()

    print(f"{settings(data).data_dir}: ready, {with_parts(data, position):,} events")
