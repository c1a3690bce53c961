"""Answers as files: byte for byte, but for what is different each time. `UPDATE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import httpx2

FILES = Path(__file__).parents[2] / "golden" / "v1"
MASKS = {
    "ak_0123456789abcdef0123456789abcdef01234567": re.compile(r"\bak_[0-9a-f]{40}\b"),
    "123e4567-e89b-42d3-a456-426614174000": re.compile(
        r"(?<=\"key_id\":\")[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\b"
    ),
    "abc123def456": re.compile(r"(?<=x-request-id: )[0-9a-f]{12}\b|(?<=\"request_id\":\")[0-9a-f]{12}\b"),
}


def assert_golden(name: str, answer: httpx2.Response) -> None:
    file = FILES / f"{name}.http"
    text = as_text(answer)
    if os.environ.get("UPDATE_GOLDEN"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    assert text == file.read_text(encoding="utf-8")


def as_text(answer: httpx2.Response) -> str:
    """Status, headers in their order, an empty line, and the body; times need no mask: the clock stands still."""
    lines = [f"HTTP {answer.status_code}", *(f"{name}: {value}" for name, value in answer.headers.multi_items())]
    text = "\n".join([*lines, "", answer.content.decode()])
    for standing_for, mask in MASKS.items():
        text = mask.sub(standing_for, text)
    return text
