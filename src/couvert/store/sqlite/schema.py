"""The tables of log, state and vault, as numbered steps that a start applies in order."""

from __future__ import annotations

from typing import Final

from couvert.store.sqlite.tables.api_keys import API_KEYS
from couvert.store.sqlite.tables.bulk_queue import BULK_QUEUE
from couvert.store.sqlite.tables.deliveries import DELIVERIES
from couvert.store.sqlite.tables.idempotency import IDEMPOTENCY
from couvert.store.sqlite.tables.log import LOG
from couvert.store.sqlite.tables.notices import NOTICES
from couvert.store.sqlite.tables.pace import PACE
from couvert.store.sqlite.tables.read_models import READ_MODELS
from couvert.store.sqlite.tables.specification import SPECIFICATION
from couvert.store.sqlite.tables.suppressions import SUPPRESSIONS
from couvert.store.sqlite.tables.users import USERS
from couvert.store.sqlite.tables.vault import VAULT
from couvert.store.sqlite.tables.webhooks import WEBHOOKS

PAGE_SIZE: Final = 8192

_FIRST: Final = (
    LOG,
    DELIVERIES,
    API_KEYS,
    USERS,
    WEBHOOKS,
    SUPPRESSIONS,
    IDEMPOTENCY,
    SPECIFICATION,
    VAULT,
    PACE,
    NOTICES,
    BULK_QUEUE,
    READ_MODELS,
)

STEPS: Final = ["".join(_FIRST)]
"""A step is never changed once released; a new one is added at the end."""
