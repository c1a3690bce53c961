"""The cast of the tests about users, and what they know."""

from couvert.commands.accounts import Accounts
from couvert.commands.callers import Caller
from couvert.commands.tokens import CreatedToken
from couvert.domain.token import EVERY_ROLE, TokenRole
from couvert.domain.user import User

PASSWORD = "correct horse"


async def new_token(
    accounts: Accounts, owner: User, *roles: TokenRole, expires_at: int | None = None, by: Caller | None = None
) -> CreatedToken:
    """With both roles if none is named."""
    return await accounts.tokens.create(
        owner.id, description="laptop", roles=roles or EVERY_ROLE, expires_at=expires_at, by=by
    )


async def caller(accounts: Accounts, token: CreatedToken) -> Caller:
    return await accounts.book.find(token.secret, fresh=True)
