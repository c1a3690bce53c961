"""Where the numbers come from."""

from __future__ import annotations

from dataclasses import dataclass

from couvert.api.traffic import Traffic
from couvert.commands.notice_readings import NoticeReadings
from couvert.limits.port import Limits
from couvert.metrics.readings import Readings
from couvert.readmodels.feed import Feed
from couvert.readmodels.follower import Follower
from couvert.store.port import Store
from couvert.tallies import Tally
from couvert.workers.courier import Courier


@dataclass(frozen=True, slots=True)
class Watched:
    traffic: Traffic
    limits: Limits
    store: Store
    follower: Follower
    feed: Feed
    courier: Courier
    readings: Readings
    notices: NoticeReadings
    messages: Tally
    """Of the bulk queue, by what became of them."""
    published: Tally
    """Recipients that were to be put there, by whether they were."""
