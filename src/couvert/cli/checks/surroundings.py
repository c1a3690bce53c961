"""What of this installation its provider has to know: who sends, and where notices are awaited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from couvert.delivery.transport import Surroundings
from couvert.domain.key import ApiKey

if TYPE_CHECKING:
    from couvert.wiring import Parts

MAILS: Final = 1_000
"""The newest, whose senders are looked at."""


async def surroundings(parts: Parts) -> Surroundings:
    from couvert import wiring

    settings, now = parts.settings, wiring.now_ms()
    keys = [stored.key for stored in await parts.store.keys()]
    allowed = [sender for key in keys if _is_good(key, now) for sender in key.restrictions.senders]
    used = await parts.store.latest_senders(MAILS)
    return Surroundings(
        senders=list(dict.fromkeys(sender.lower() for sender in (*used, *allowed))),
        notice_topics=settings.ses_topic_list,
        notice_url=settings.public_url and f"{settings.public_url.rstrip('/')}/v2/provider/ses",
        notice_queue=settings.notice_queue_url,
    )


def _is_good(key: ApiKey, now: int) -> bool:
    return key.is_active and (key.expires_at is None or key.expires_at > now)
