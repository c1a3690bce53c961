"""What follows the question mark of a transport's URL, each option taken out once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NoReturn, TypeVar
from urllib.parse import parse_qsl

T = TypeVar("T")


class UrlOptions:
    def __init__(self, query: str, wrong: Callable[[str], NoReturn]) -> None:
        """`wrong` is told what the URL should have, and raises."""
        self._left = dict(parse_qsl(query, keep_blank_values=True))
        self._wrong = wrong

    @property
    def left(self) -> list[str]:
        """The names of those that nobody took."""
        return sorted(self._left)

    def take(self, name: str) -> str | None:
        return self._left.pop(name, None)

    def choice(self, name: str, words: Mapping[str, T], *, default: T) -> T:
        word = self.take(name)
        if word is None:
            return default
        if word not in words:
            self._wrong(f"has {' or '.join(f'{name}={word}' for word in words)}")
        return words[word]

    def parsed(self, name: str, parse: Callable[[str], T], meaning: str, *, default: T) -> T:
        text = self.take(name)
        try:
            return default if text is None else parse(text)
        except ValueError:
            self._wrong(f"has {name}= followed by {meaning}")


def number(kind: Callable[[str], T], least: float, most: float) -> Callable[[str], T]:
    """A parser for `UrlOptions.parsed`."""

    def parse(text: str) -> T:
        found = kind(text)
        if not least <= found <= most:  # type: ignore[operator]
            raise ValueError
        return found

    return parse
