"""The pace: what the provider lets the account send, and whether it takes mail at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from couvert.delivery.transport import Unreachable
from couvert.domain.finding import Finding, well, wrong

if TYPE_CHECKING:
    from couvert.domain.pace import AccountLimits
    from couvert.store.pace import StoredPace
    from couvert.wiring import Parts


LATELY_MS: Final = 180_000
"""Three times as long as what was learned stands."""


async def pace(parts: Parts) -> Sequence[Finding]:
    from couvert import wiring

    account = parts.account
    if account is None:
        return [well("pace", "none: what is due leaves at once")]
    stored = await parts.store.pace(await account.name())
    if stored is not None and stored.held is not None:
        return [
            wrong("pace", f"the provider takes no mail: {stored.held.rstrip('.')}. It is tried again every few minutes")
        ]
    try:
        limits = await account.limits()
    except Unreachable as trouble:
        rate = f"{account.fallback.per_second:g} recipients leave a second (COUVERT_SES_RATE)"
        return [wrong("pace", f"{str(trouble).rstrip('.')}. Until then {rate}")]
    if stored is not None and stored.trouble is not None and stored.learned_at > wiring.now_ms() - LATELY_MS:
        sentence = f"whoever delivers may not ask what this command may: {stored.trouble}"
        advice = "compare their credentials and regions"
        return [wrong("pace", f"{sentence}. {stored.pace.per_second:g} recipients leave a second; {advice}")]
    day = "" if limits.per_day is None else f", {_sent(limits, stored):,} of {limits.per_day:,} sent in 24 hours"
    if limits.per_day is not None and _sent(limits, stored) >= limits.per_day:
        return [wrong("pace", f"the daily quota is used up{day}; ask the provider for more")]
    return [well("pace", f"{limits.per_second:g} recipients a second{day}")]


def _sent(limits: AccountLimits, stored: StoredPace | None) -> int:
    """As the provider says, or as it is counted here."""
    if limits.sent is not None or limits.per_day is None:
        return limits.sent or 0
    left = stored.pace.left if stored is not None else None
    return 0 if left is None else limits.per_day - left
