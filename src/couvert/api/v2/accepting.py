"""Which of two forms of an answer the `Accept` header would rather have (RFC 9110, 12.5.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from starlette.datastructures import Headers

_RANGE: Final = re.compile(r"\s*([\w.+*-]+/[\w.+*-]+)\s*((?:;[^,]*)?)")
_WEIGHT: Final = re.compile(r";\s*q\s*=\s*([01](?:\.\d{0,3})?)\s*(?:;|$)", re.IGNORECASE)


def prefers(headers: Headers, wanted: str, to: str) -> bool:
    """Whether `wanted` is named, and liked no less than `to`. Whoever takes anything gets `to`."""
    weights = _weights(headers)
    named = _weight(weights, wanted, but=("*/*",))
    return named > 0 and named >= _weight(weights, to)


def _weights(headers: Headers) -> Mapping[str, float]:
    """By media range; what is no range is passed over."""
    found: dict[str, float] = {}
    for each in ",".join(headers.getlist("accept")).lower().split(","):
        if taken := _RANGE.fullmatch(each):
            weight = _WEIGHT.search(taken[2])
            found[taken[1]] = float(weight[1]) if weight else 1.0
    return found


def _weight(weights: Mapping[str, float], media_type: str, but: tuple[str, ...] = ()) -> float:
    """The most specific range decides."""
    ranges = (media_type, media_type.partition("/")[0] + "/*", "*/*")
    return next((weights[each] for each in ranges if each in weights and each not in but), 0.0)
