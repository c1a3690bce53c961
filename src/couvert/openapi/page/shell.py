"""What stands around every page: head, style, and the policy that lets nothing else in."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from typing import Final

from couvert.openapi.page.html import Html, element

STYLE: Final = files(__package__).joinpath("style.css").read_text(encoding="utf-8")
_HASH: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY: Final = f"default-src 'none'; style-src 'sha256-{_HASH}'; base-uri 'none'; form-action 'none'"
"""The page brings its own style, and needs nothing else."""


def shell(title: str, *body: Html, feeds: Html | None = None) -> str:
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", title),
        feeds,
        element("style", Html(STYLE)),
    )
    return "<!doctype html>\n" + element("html", head, element("body", *body), lang="en") + "\n"
