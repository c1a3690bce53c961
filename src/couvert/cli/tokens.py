"""`couvert token`: API tokens for /v2."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli.options import Data, with_parts
from couvert.cli.times import to_ms, utc
from couvert.cli.users import found
from couvert.domain.refusals import RuleBroken
from couvert.domain.token import EVERY_ROLE, Roles, in_order

if TYPE_CHECKING:
    from couvert.store.accounts import StoredToken
    from couvert.wiring import Parts

app = typer.Typer(help="API tokens: what a user lets a program do in their name.")

User = Annotated[str, typer.Option("--user", metavar="EMAIL", help="Whose it is.")]


@app.command()
def create(
    user: User,
    role: Annotated[list[str], typer.Option(help="What it may do: api_read, api_write; may be given several times.")],
    description: Annotated[str, typer.Option(help="What it is for; shown in lists.")] = "",
    expires_at: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"], help="UTC.")
    ] = None,
    data: Data = None,
) -> None:
    """Create a token and print it, alone, on stdout. It is shown this once."""
    roles = _roles(role)

    async def work(parts: Parts) -> str:
        owner = (await found(parts, user)).user.id
        created = await parts.accounts.tokens.create(
            owner, description=description, roles=roles, expires_at=to_ms(expires_at)
        )
        return created.secret

    print(with_parts(data, work))


@app.command("list")
def list_(user: User, data: Data = None) -> None:
    """List a user's tokens: id, roles, when it expires, when it was last used, description."""

    async def work(parts: Parts) -> list[StoredToken]:
        return await parts.accounts.tokens.of((await found(parts, user)).user.id)

    for token, _, last_used_at in with_parts(data, work):
        times = f"expires {utc(token.expires_at)}  used {utc(last_used_at)}"
        print(f"{token.token_id}  {','.join(token.roles):<18}  {times}  {token.description}".rstrip())


@app.command()
def revoke(
    token: Annotated[str, typer.Argument(help="The token itself, or its id as `couvert token list` shows it.")],
    data: Data = None,
) -> None:
    """Revoke a token: it writes nothing from now on, and reads nothing after a second."""

    async def work(parts: Parts) -> None:
        await parts.accounts.tokens.revoke_anybodys(token)

    with_parts(data, work)


def _roles(given: list[str]) -> Roles:
    for text in given:
        if text not in EVERY_ROLE:
            raise RuleBroken(f"--role {text}: write {' or '.join(EVERY_ROLE)}")
    return in_order(given)
