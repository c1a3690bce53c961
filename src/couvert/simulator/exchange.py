"""What is asked, what is answered, and the ways in which an answer can stay away."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from email.utils import formatdate
from functools import cached_property
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from couvert.simulator.ids import request_id

JSON: Final = "application/json"


class Request:
    def __init__(self, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        """`target` and `body` exactly as sent, for they are signed; names of headers in lower case."""
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body
        self.path, _, self.query_text = target.partition("?")

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.query_text, keep_blank_values=True))

    @cached_property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Answer(NamedTuple):
    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()

    def encoded(self) -> bytes:
        more = "".join(f"{name}: {value}\r\n" for name, value in self.headers)
        return (
            f"{_STATUS_LINES[self.status]}Date: {_date(int(time.time()))}\r\nx-amzn-RequestId: {request_id()}\r\n"
            f"Content-Type: {self.content_type}\r\nContent-Length: {len(self.body)}\r\n{more}\r\n"
        ).encode("latin-1") + self.body


class Cut(NamedTuple):
    """The connection ends here, without a word."""


Outcome = Answer | Cut
Reply = Outcome | Awaitable[Outcome]


def json_answer(value: object, status: int = 200, *headers: tuple[str, str]) -> Answer:
    return Answer(status, _encode(value), JSON, headers)


_encode: Final = msgspec.json.Encoder().encode
_STATUS_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}
_dates: dict[int, str] = {}


def _date(second: int) -> str:
    if second not in _dates:
        _dates.clear()
        _dates[second] = formatdate(second, usegmt=True)
    return _dates[second]
