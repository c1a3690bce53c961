"""Everything about who may come in, wired to each other: users, their tokens, sessions and set-up links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from couvert.commands.passwords import Passwords
from couvert.commands.sessions import Sessions
from couvert.commands.set_up import SetUp
from couvert.commands.token_book import TokenBook
from couvert.commands.token_uses import TokenUses
from couvert.commands.tokens import Tokens
from couvert.commands.users import Users
from couvert.domain.ids import IdSource
from couvert.store.port import Store


@dataclass(frozen=True, slots=True)
class Accounts:
    users: Users
    tokens: Tokens
    book: TokenBook
    uses: TokenUses
    sessions: Sessions
    set_up: SetUp


def open_accounts(
    store: Store, ids: IdSource, now_ms: Callable[[], int], passwords: Passwords | None = None
) -> Accounts:
    """`passwords`: cheaper ones, for tests."""
    passwords = passwords or Passwords()
    uses = TokenUses(store)
    book = TokenBook(store, uses, now_ms)
    users = Users(store, ids, now_ms, passwords, book)
    return Accounts(
        users=users,
        tokens=Tokens(store, ids, now_ms, book),
        book=book,
        uses=uses,
        sessions=Sessions(store, now_ms, passwords),
        set_up=SetUp(store, now_ms, users),
    )
