"""What a page of `GET /v2/mails` takes with a million deliveries stored, beside the same with ten thousand."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

from bench.harness.asking import Client, Waited
from bench.harness.figure import Figure, Line, Scale, Values, at_most
from bench.harness.filling import create_token
from bench.harness.past import finish
from bench.harness.service import serving, wait_until_quiet
from bench.harness.workplace import fresh_directory

TIMES: Final = 500
SLOWEST_MS: Final = 25
MOST_TIMES: Final = 1.5
PAGES: Final = (
    "first page", "far page", "every mail: tag", "every mail: word", "every mail: state", "one mail: recipient",
    "one mail: emailId", "one mail: words", "no mail: state and word", "every mail: word and state",
)  # fmt: skip
COMBINED: Final = PAGES[-1]
"""Both conditions are met by more than are counted, so 10,000 mails are looked at: its page may take that much longer."""


@contextmanager
def _rounds(scale: Scale) -> Iterator[Callable[[], Values]]:
    os.environ["COUVERT_RATE_LIMIT"] = "100000000/600s"
    try:
        with fresh_directory("large") as large, fresh_directory("small") as small:
            tokens = {path: create_token(path) for path in (small, large)}
            finish(small, scale.small)
            finish(large, scale.large)

            def once() -> Values:
                return _compared(*(_measure(path, tokens[path]) for path in (small, large)))

            yield once
    finally:
        del os.environ["COUVERT_RATE_LIMIT"]


def _measure(directory: Path, token: str) -> Mapping[str, Waited]:
    with serving(directory, "sandbox") as service:
        wait_until_quiet(service)
        client = Client(service, token)
        return {name: client.waited(path, TIMES) for name, path in _paths(client).items()}


def _paths(client: Client) -> dict[str, str]:
    """One of the oldest mails is what is looked for; words are of the newest, whose number is no other's beginning."""
    cursor = _far(client)
    old = client.get(f"/v2/mails?cursor={cursor}")["data"]["mails"][-1]
    newest = client.get("/v2/mails?limit=1")["data"]["mails"][0]
    delivery = client.get(f"/v2/mails/{old['mailId']}/deliveries")["data"]["deliveries"][0]
    paths = [
        "/v2/mails",
        f"/v2/mails?cursor={cursor}",
        "/v2/mails?tag=receipt",
        "/v2/mails?q=ord",
        "/v2/mails?state=sent",
        f"/v2/mails?recipient={quote(delivery['recipient']['email'])}",
        f"/v2/mails?emailId={old['emailId']}",
        f"/v2/mails?q={quote(newest['subject'].partition('{')[0])}",
        "/v2/mails?q=ord&state=bounced",
        "/v2/mails?q=ord&state=sent",
    ]
    return dict(zip(PAGES, paths, strict=True))


def _far(client: Client) -> str:
    """The cursor of the last full page."""
    cursor = client.get("/v2/mails?limit=50")["meta"]["nextCursor"]
    while True:
        # Large steps; the cursor does not depend on the limit.
        following = client.get(f"/v2/mails?limit=500&cursor={cursor}")["meta"]["nextCursor"]
        if following is None:
            return str(cursor)
        cursor = following


def _compared(few: Mapping[str, Waited], many: Mapping[str, Waited]) -> Values:
    values: dict[str, float] = {}
    for name in PAGES:
        values[f"{name}, p50 at many"] = many[name].p50_ms
        values[f"{name}, p99 at many"] = many[name].p99_ms
        values[f"{name}, p50, many : few"] = many[name].p50_ms / few[name].p50_ms
        values[f"{name}, p99, many : few"] = many[name].p99_ms / few[name].p99_ms
    return values


def _lines() -> Iterator[Line]:
    for name in PAGES:
        yield Line(f"{name}, p50 at many", "ms")
        yield Line(f"{name}, p99 at many", "ms", at_most(SLOWEST_MS))
        yield Line(f"{name}, p50, many : few", "", None if name == COMBINED else at_most(MOST_TIMES))
        yield Line(f"{name}, p99, many : few", "")


FIGURE = Figure(
    name="lists",
    title="a page of mails with many deliveries stored, beside few",
    needs=(),
    lines=tuple(_lines()),
    rounds=_rounds,
)
