"""`couvert user`: who may sign in, and do what."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from couvert.cli.options import Data, with_parts
from couvert.domain.allowance import Allowance
from couvert.domain.refusals import NotFound, RuleBroken
from couvert.domain.user import Person, Role, User
from couvert.settings import parse_rate

if TYPE_CHECKING:
    from couvert.store.accounts import StoredUser
    from couvert.wiring import Parts

app = typer.Typer(help="Users: who may sign in, and have API tokens for /v2.")

Email = Annotated[str, typer.Argument(metavar="EMAIL", help="The user's address.")]


@app.command()
def add(
    email: Email,
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.MEMBER,
    admin: Annotated[bool, typer.Option("--admin", help="Short for --role admin.")] = False,
    first_name: Annotated[str, typer.Option(metavar="F")] = "",
    last_name: Annotated[str, typer.Option(metavar="L")] = "",
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from stdin; without it, a link is printed.")
    ] = False,
    data: Data = None,
) -> None:
    """Add a user. Without a password, print the one-time link at which they choose one."""
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None

    async def work(parts: Parts) -> str | None:
        added = await parts.accounts.users.add(
            email=email,
            role=Role.ADMIN if admin else role,
            person=Person(first_name.strip(), last_name.strip()),
            password=password,
        )
        return None if password is not None else await _link(parts, added.user)

    if (shown := with_parts(data, work, creates=True)) is not None:
        print(shown)


@app.command()
def link(email: Email, data: Data = None) -> None:
    """Print a new one-time link, at which a user chooses a password; it replaces the link they had."""

    async def work(parts: Parts) -> str:
        return await _link(parts, (await found(parts, email)).user)

    print(with_parts(data, work))


@app.command()
def limit(
    email: Email,
    rate: Annotated[str, typer.Argument(metavar="REQUESTS/SECONDSs|default", help="Such as 10000/600s.")],
    data: Data = None,
) -> None:
    """Say how often a user may call /v2; `default` is as often as COUVERT_RATE_LIMIT lets everybody."""
    allowance = _allowance(rate)

    async def work(parts: Parts) -> None:
        await parts.accounts.users.limit((await found(parts, email)).user.id, allowance)

    with_parts(data, work)


@app.command("role")
def give_role(
    email: Email,
    role: Annotated[Role, typer.Argument(help="What the user may do from now on.")],
    data: Data = None,
) -> None:
    """Change what a user may do, at once. Who may only read from now on loses the tokens that may write."""

    async def work(parts: Parts) -> None:
        await parts.accounts.users.give_role((await found(parts, email)).user.id, role)

    with_parts(data, work)


@app.command("list")
def list_(data: Data = None) -> None:
    """List the users: id, role, address, name, and a limit of their own."""

    async def work(parts: Parts) -> list[StoredUser]:
        return await parts.store.users()

    for stored in with_parts(data, work):
        user = stored.user
        name, rate = " ".join(user.person).strip(), user.allowance
        shown = [user.user_id, f"{user.role:<8}", user.email, name, f"{rate[0]}/{rate[1]}s" if rate else ""]
        print("  ".join(filter(None, shown)))


@app.command()
def delete(email: Email, data: Data = None) -> None:
    """Delete a user: signed out at once, their tokens revoked, address and name forgotten."""

    async def work(parts: Parts) -> None:
        await parts.accounts.users.delete((await found(parts, email)).user.user_id)

    with_parts(data, work)


def _allowance(rate: str) -> Allowance | None:
    if rate == "default":
        return None
    try:
        return Allowance(*parse_rate(rate))
    except ValueError as fault:
        raise RuleBroken(f"{fault}, or `default`.") from None


async def found(parts: Parts, email: str) -> StoredUser:
    """Raises `NotFound` with what to do."""
    stored = await parts.accounts.users.by_email(email)
    if stored is None:
        raise NotFound(f"There is no user {email}; `couvert user list` shows those there are.")
    return stored


async def _link(parts: Parts, user: User) -> str:
    from couvert import wiring

    return wiring.shown_url(parts.settings) + await parts.accounts.set_up.new_path(user.id)
