"""The same service, but hand-overs keep nobody's pace: what the pace costs is the difference.

Run: python -m bench.beside.unpaced serve --port N --data DIR      (as `couvert serve`)
"""

from __future__ import annotations

from couvert import wiring
from couvert.cli import main
from couvert.commands.notices import Notices
from couvert.delivery.account import Account
from couvert.delivery.transport import Transport
from couvert.settings import Settings
from couvert.store.port import Store
from couvert.wiring import parts as wired

paced = wiring.provider_of


def unpaced(settings: Settings, store: Store, notices: Notices) -> tuple[Transport, Account | None]:
    transport, _ = paced(settings, store, notices)
    return transport, None


if __name__ == "__main__":
    vars(wired)["provider_of"] = unpaced
    main()
