"""All read models, in the order in which a batch of events reaches them; one checkpoint holds for all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from couvert.readmodels.mails import Mails
from couvert.readmodels.projection import Projection

PROJECTIONS: Final[Sequence[Projection]] = (Mails(),)
