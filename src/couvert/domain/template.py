"""The `{{ name }}` placeholders of a mail: found once, then filled for each recipient."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Set
from dataclasses import dataclass
from functools import lru_cache

QUOTED_AT_MOST = 60
LONGEST_REMEMBERED = 20_000

_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


class TemplateFault(ValueError):
    """What stands between two pairs of braces is not a name; `quoted` is fit to be shown to the author."""

    def __init__(self, between: str) -> None:
        self.quoted = _quoted(between)
        super().__init__(f"{{{{{self.quoted}}}}} is not the name of a variable")


@dataclass(frozen=True, slots=True)
class Template:
    """A text split at its placeholders. Every name it uses must be in the mapping it is rendered with."""

    parts: tuple[str, ...]
    """Literal text at even places, names at odd ones: `Dear {{ name }}!` is `("Dear ", "name", "!")`."""
    names: frozenset[str]

    @property
    def is_plain(self) -> bool:
        """Whether it is the same for every recipient."""
        return not self.names

    def render(self, values: Mapping[str, str]) -> str:
        """Fill in the values as they are: for a subject or a plain text."""
        pieces = list(self.parts)
        pieces[1::2] = [values[name] for name in pieces[1::2]]
        return "".join(pieces)

    def render_html(self, values: Mapping[str, str]) -> str:
        """Fill in the values so that none can become markup, in text or between the quotes of an attribute."""
        return self.render({name: html.escape(values[name]) for name in self.names})


def compile_template(source: str) -> Template:
    """Find the placeholders, or raise `TemplateFault` for the first that holds no name. The last few are remembered:
    applications post the same texts again and again, and what posts one also sends it.
    """
    return _remembered(source) if len(source) <= LONGEST_REMEMBERED else _compiled(source)


def _compiled(source: str) -> Template:
    # Searched beyond the last `}}`, each `{{` would run to the end: quadratic on a hostile template.
    last = source.rfind("}}") + 2
    parts = _PLACEHOLDER.split(source[:last])
    parts[-1] += source[last:]
    parts[1::2] = [_name(between) for between in parts[1::2]]
    return Template(tuple(parts), frozenset(parts[1::2]))


_remembered = lru_cache(maxsize=64)(_compiled)


def unknown(template: Template, known: Set[str]) -> list[str]:
    """The names it uses that do not exist, in order and once each, fit to be shown to the author."""
    return [_quoted(name) for name in dict.fromkeys(template.parts[1::2]) if name not in known]


def _name(between: str) -> str:
    name = between.strip()
    if not (name.isascii() and name.isidentifier()):
        raise TemplateFault(between)
    return name


def _quoted(between: str) -> str:
    words = between.strip()
    if len(words) > QUOTED_AT_MOST:
        words = words[: QUOTED_AT_MOST - 1] + "…"
    # A lone surrogate could not be written into the answer that quotes it.
    return words.encode("utf-8", "replace").decode()
