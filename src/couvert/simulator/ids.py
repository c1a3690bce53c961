"""Ids in the shapes that Amazon's have."""

from __future__ import annotations

import itertools
import time
import uuid
from typing import Final

_START: Final = str(uuid.uuid4())[:24]
_numbers: Final = itertools.count(1)


def request_id() -> str:
    """A UUID to look at; counted, because a random one each would be a tenth of the time that a call takes."""
    return f"{_START}{next(_numbers):012x}"


def message_id() -> str:
    """As `0100018c3f2a1b4c-0f2d3c4b-...-000000`: the time in milliseconds, a UUID, a region's digits."""
    return f"0100{int(time.time() * 1000):012x}-{uuid.uuid4()}-000000"


def feedback_id() -> str:
    return message_id()
