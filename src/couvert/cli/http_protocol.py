"""Uvicorn's HTTP, with an answer of ours for what its parser cannot read."""

from __future__ import annotations

import asyncio
import re
import sys
from typing import Final, cast

import structlog
from httptools import HttpParserInvalidMethodError
from starlette.responses import Response
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from couvert.api.request_ids import new_request_id
from couvert.api.v1 import errors as v1
from couvert.api.v2.forms import unknown_method, unreadable
from couvert.cli.one_write import OneWrite

LONGEST_START: Final = 200
LONGEST_HEAD: Final = 128_000
"""Bytes: twice the longest address that the parser takes."""
_REQUEST: Final = re.compile(rb"[A-Za-z0-9!#$%&'*+.^_`|~-]+ ")
"""The parser tells of a strange method and of what is no HTTP at all in the same words."""

log = structlog.get_logger()


class HttpProtocol(HttpToolsProtocol):
    """No route is known yet, so the shape is told from the first bytes; the origin is not, so CORS says nothing."""

    _start = b""
    _head_bytes = 0
    """Of a head that has not ended yet; the parser would take in any number of them, before anybody is known."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(cast(asyncio.Transport, OneWrite(transport)))

    def data_received(self, data: bytes) -> None:
        self._start = data[:LONGEST_START]
        super().data_received(data)
        begun = cast(dict[str, object] | None, self.scope)
        if begun is None or "method" in begun:
            self._head_bytes = 0
        elif not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > LONGEST_HEAD:
                self.send_400_response("the head is too long")

    def send_400_response(self, msg: str) -> None:
        is_v1 = b" /v1/" in self._start.partition(b"\n")[0]
        request_id = new_request_id("/v1/" if is_v1 else "/")
        log.info("request.unreadable", request_id=request_id, trouble=msg)
        is_known = not isinstance(sys.exception(), HttpParserInvalidMethodError) or not _REQUEST.match(self._start)
        answer = v1.unreadable() if is_v1 else (unreadable if is_known else unknown_method)(request_id)
        answer.headers.update({"X-Request-ID": request_id, "Connection": "close"})
        self.transport.write(_written(answer))
        self.transport.close()


def _written(answer: Response) -> bytes:
    headers = b"".join(b"%s: %s\r\n" % header for header in answer.raw_headers)
    return STATUS_LINE[answer.status_code] + headers + b"\r\n" + bytes(answer.body)
