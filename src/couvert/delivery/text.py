"""The plain text of an HTML template: the part of a mail that every reader can show."""

from __future__ import annotations

import re

from couvert.delivery.markup import may_hide, tokens
from couvert.delivery.text_layout import Page
from couvert.delivery.visible import visible

_PLACEHOLDER = re.compile(r"\{\{\s*[A-Za-z_][A-Za-z0-9_]*\s*\}\}")
_SHIELD = re.compile("\0[0-9]+\0")
_FIRST_OF_TWO_BRACES = re.compile("\\{(?=[{\0])")
_CONTROL = re.compile("[\0-\x08\x0e-\x1f\x7f]")
_NO_CONTROLS = {code: None for code in range(128) if _CONTROL.match(chr(code))}
"""For ASCII, where this takes half the time, and not for the rest, where it takes ten times as long."""


def text_of(source: str) -> str:
    """What a reader of the HTML would see, links with their targets.

    Its placeholders stay, also those in targets, and nothing else becomes one: where markup or entities put braces side
    by side they are set apart, so the text compiles whenever the HTML does. Never raises; linear in its input.
    """
    shields: dict[str, str] = {}

    def shielded(found: re.Match[str]) -> str:
        return shields.setdefault(" ".join(found[0].split()), f"\0{len(shields)}\0")

    # A placeholder is one word until the end, so that neither its braces nor its spaces are read as markup.
    clean = _without_controls(source).replace("\r\n", "\n").replace("\r", "\n")
    text = _laid_out(_PLACEHOLDER.sub(shielded, clean))
    placeholders = {shield: placeholder for placeholder, shield in shields.items()}
    return _SHIELD.sub(lambda found: placeholders[found[0]], _apart(text))


def _without_controls(source: str) -> str:
    return source.translate(_NO_CONTROLS) if source.isascii() else _CONTROL.sub("", source)


def _apart(text: str) -> str:
    """Braces that are no placeholder's, set apart where something might close them; behind that, `{{` is text."""
    end = max([text.rfind("}}") + 2, *(found.end() for found in _SHIELD.finditer(text))])
    end = end if end > 1 else 0
    return _FIRST_OF_TWO_BRACES.sub("{ ", text[:end]) + text[end:]


def _laid_out(source: str) -> str:
    page = Page()
    text, tag = page.text, page.tag
    for token in visible(tokens(source)) if may_hide(source) else tokens(source):
        if isinstance(token, str):
            text(token)
        else:
            tag(token)
    return page.finished()
