"""All addresses of the console."""

from __future__ import annotations

from starlette.responses import Response
from starlette.routing import Route

from couvert.console import home, login, setup
from couvert.console.door import Door, Nowhere
from couvert.console.parts import Parts
from couvert.console.visit import Visit, redirect


def routes(parts: Parts) -> list[Route]:
    return [
        Route("/", Door(parts, GET=to_the_console)),
        Route("/console", Door(parts, GET=to_the_console)),
        Route("/console/", Door(parts, GET=home.show)),
        Route("/console/login", Door(parts, GET=login.show, POST=login.sign_in)),
        Route("/console/logout", Door(parts, POST=login.sign_out)),
        Route("/console/setup", Door(parts, GET=setup.show, POST=setup.use)),
        Route("/console/tokens", Door(parts, POST=home.create)),
        Route("/console/tokens/{token_id}/revoke", Door(parts, POST=home.revoke)),
        # Last, since whatever begins so is the console's.
        Route("/console/{nowhere:path}", Nowhere()),
    ]


async def to_the_console(_visit: Visit) -> Response:
    return redirect("/console/")
