"""Logs go to stderr: JSON lines for machines, columns on a terminal; stdout is for answers."""

from __future__ import annotations

import json
import logging
import re
import sys
import time
from contextlib import suppress
from typing import Final, TextIO, cast

import msgspec
import structlog
from structlog.typing import EventDict, Processor

from couvert.domain import ids


class _Lossy:
    """Stderr, but a line that cannot be written is lost: on a full disk the courier has more to save than its log."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Stderr has its lines flushed as they are written."""


_ADDRESS: Final = re.compile(r"[^\s\"'<>(),;:\\\[\]]+@[^\s\"'<>(),;:\\\[\]]+")
_encoder = msgspec.json.Encoder(enc_hook=str)


def _json(_: object, __: str, line: EventDict) -> str:
    try:
        return _encoder.encode(line).decode()
    except UnicodeEncodeError:
        # Half a surrogate pair, from a request: the line that tells of it must not fail as well.
        return json.dumps(line, default=str)


class _Timestamp:
    """ISO 8601, in UTC. The second is written once: with `datetime` each line would cost 1.5 us more."""

    def __init__(self) -> None:
        self._second = 0
        self._written = ""

    def __call__(self, _: object, __: str, line: EventDict) -> EventDict:
        second, nanoseconds = divmod(time.time_ns(), 1_000_000_000)
        if second != self._second:
            self._written = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        line["timestamp"] = f"{self._written}.{nanoseconds // 1000:06d}Z"
        return line


def _shown_ids(_: object, __: str, line: EventDict) -> EventDict:
    """As `couvert show` and the API know them."""
    for name, kind in (("delivery", "dlv"), ("mail", "mail")):
        if isinstance(line.get(name), int):
            line[name] = ids.encode(kind, line[name])
    return line


def _without_addresses(render: Processor) -> Processor:
    """Whatever a relay, a library or a traceback says: who mails whom is nobody's business, and logs are kept."""

    def rendered(logger: object, method: str, line: EventDict) -> str:
        text = cast(str, render(logger, method, line))
        return _ADDRESS.sub("<address>", text) if "@" in text else text

    return rendered


def configure(level: str) -> None:
    number = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(level=max(number, logging.WARNING), stream=sys.stderr, format="%(name)s: %(message)s")
    # Plain tracebacks: a pretty one prints local variables, and keys are among them.
    on_terminal = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    is_terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            _Timestamp(),
            _shown_ids,
            *([] if is_terminal else [structlog.processors.format_exc_info]),
            _without_addresses(on_terminal if is_terminal else _json),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(cast(TextIO, _Lossy())),
        cache_logger_on_first_use=True,
    )
