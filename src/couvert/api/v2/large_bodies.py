"""Large bodies are read beside the event loop, one after the other, so that other requests go on meanwhile.

It is one interpreter all the same. It changes threads between two steps of Python, so that whatever takes long must not
be one step: parsing 30 MB of numbers in C would be, with 0.5 s.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

LARGE: Final = 50_000
"""Bytes: more than a batch of 100 mails. Up to here 2,000 recipients are read and checked in 20 ms."""
_reader: Final = ThreadPoolExecutor(1, "large-bodies")
"""One: two would each have a third of the interpreter, and the loop the last; and memory would hold both."""


async def read_aside(work: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    return await asyncio.get_running_loop().run_in_executor(_reader, partial(work, *args, **kwargs))
