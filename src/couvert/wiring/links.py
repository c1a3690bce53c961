"""Where people reach a service, and how the first of them gets in."""

from __future__ import annotations

from couvert.settings import Settings
from couvert.wiring.parts import Parts
from couvert.wiring.serve_lock import ServeLock


def shown_url(settings: Settings) -> str:
    """Where people reach the service: as the settings say, as a running `serve` does, or as it will by default."""
    url = settings.public_url or ServeLock(settings.data_dir).announced() or "http://127.0.0.1:8000"
    return url.rstrip("/")


async def invitation(parts: Parts) -> str | None:
    """A link at which somebody becomes the first admin; None if there are users."""
    if not await parts.accounts.set_up.is_needed():
        return None
    return shown_url(parts.settings) + await parts.accounts.set_up.new_path()
