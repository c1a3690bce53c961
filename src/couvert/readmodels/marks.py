"""What the index of the vault keeps instead of words and addresses: a keyed hash of each, which says nothing by itself.

A mark stands for one value of one kind; a word has one for each of its beginnings. Whoever has the read models but not
the vault's key can neither read an address in them nor try one out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from hashlib import blake2b
from typing import Final, Literal

Kind = Literal["recipient", "email_id", "client_env_id", "project_id", "closure_id", "tag"]

MARK_BYTES: Final = 8
LONGEST_BEGINNING: Final = 24
"""Letters. Words that differ only later are one to a search; hardly any language has longer ones."""
LONGEST_SUBJECT: Final = 1_000
"""Characters that are looked at; a subject may have as many as fit into a request."""
KNOWN_WORDS: Final = 10_000

_WORD: Final = re.compile(r"[^\W_]+")


class Marker:
    """For one installation: its key makes its marks."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        # Most words come again with the next mail, and hashing their beginnings is most of the work.
        self._beginnings_of = lru_cache(KNOWN_WORDS)(self._beginnings)

    def mark(self, kind: Kind, value: str) -> str:
        return self._hash(f"{kind}:{_domain_lowered(value) if kind == 'recipient' else value}")

    def text(self, text: str) -> Iterator[str]:
        """Of every beginning of every word; several to a string, separated by spaces."""
        return map(self._beginnings_of, words(text[:LONGEST_SUBJECT]))

    def search(self, text: str) -> Iterator[str]:
        """Of words as somebody typed them, each the beginning of what is looked for."""
        return (self._beginning(word) for word in words(text))

    def _beginnings(self, word: str) -> str:
        lengths = range(1, min(len(word), LONGEST_BEGINNING) + 1)
        return " ".join(self._beginning(word[:length]) for length in lengths)

    def _beginning(self, word: str) -> str:
        return self._hash(f"word:{word[:LONGEST_BEGINNING]}")

    def _hash(self, text: str) -> str:
        return blake2b(text.encode("utf-8", "replace"), key=self._key, digest_size=MARK_BYTES).hexdigest()


def words(text: str) -> Iterable[str]:
    """Letters and digits as one writes them without caring: `Grüße, Zoë` is `grusse` and `zoe`."""
    if not text.isascii():
        decomposed = unicodedata.normalize("NFKD", text)
        text = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return dict.fromkeys(_WORD.findall(text.casefold()))


def _domain_lowered(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}"
