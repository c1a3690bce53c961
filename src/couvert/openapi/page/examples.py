"""Examples as they are sent: JSON that is laid out and coloured, and the line of `curl` that sends it."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any, Final

from couvert.openapi.page.html import Html, element, joined
from couvert.openapi.references import Json

_TOKEN: Final = re.compile(r'("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|(true|false|null)')
LONGEST_LINE: Final = 80


def pretty(value: Any) -> Html:
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return element("pre", element("code", joined(_coloured(text))), tabindex="0")


def curl(method: str, path: str, base_url: str, operation: Json, body: Any) -> Html:
    """`{mailId}` stays as it is: whoever copies the line sees what to fill in."""
    parts = ["curl"] if method == "GET" else ["curl", "-X", method]
    # Else curl would hold back what comes until there is enough of it.
    parts += ["-N"] if _streams(operation) else []
    parts += [shlex.quote(base_url.rstrip("/") + path)]
    if operation.get("security") != []:
        parts += ['\\\n  -H "X-Access-Token: $TOKEN"']
    if isinstance(body, str):
        (media_type,) = operation["requestBody"]["content"]
        parts += [f'\\\n  -H "Content-Type: {media_type}"', "\\\n  --data-binary @FILE"]
    elif body is not None:
        text = json.dumps(body, ensure_ascii=False)
        text = text if len(text) <= LONGEST_LINE else json.dumps(body, ensure_ascii=False, indent=2)
        parts += ['\\\n  -H "Content-Type: application/json"', f"\\\n  -d {shlex.quote(text)}"]
    return element("pre", element("code", " ".join(parts)), class_="curl", tabindex="0")


def _streams(operation: Json) -> bool:
    return "text/event-stream" in operation["responses"].get("200", {}).get("content", {})


def examples_of(media: Json) -> list[tuple[str, Any]]:
    """Each with what it is called."""
    if "example" in media:
        return [("Example", media["example"])]
    return [(str(each.get("summary") or name), each.get("value")) for name, each in media.get("examples", {}).items()]


def _coloured(text: str) -> Iterator[str]:
    start = 0
    for found in _TOKEN.finditer(text):
        yield text[start : found.start()]
        string, colon, number, word = found.groups()
        if string:
            yield element("span", string, class_="key" if colon else "string")
            yield colon or ""
        else:
            yield element("span", number or word, class_="number" if number else "word")
        start = found.end()
    yield text[start:]
