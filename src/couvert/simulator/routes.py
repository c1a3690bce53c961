"""Which request goes where, on one page; it also is the door that each connection knocks at."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from couvert.simulator import control
from couvert.simulator.errors import AwsError, rest_answer
from couvert.simulator.exchange import Reply, Request
from couvert.simulator.ses import account, send
from couvert.simulator.signatures import check_signature

if TYPE_CHECKING:
    from couvert.simulator.world import World

Call = Callable[["World", Request], Reply]

SEND_EMAIL: Final = "/v2/email/outbound-emails"

SES: Final[dict[tuple[str, str], Call]] = {
    ("POST", SEND_EMAIL): send.send_email,
    ("GET", "/v2/email/account"): account.get_account,
}

CONTROL: Final[dict[tuple[str, str], Call]] = {
    ("GET", "/simulator"): control.state,
    ("GET", "/simulator/faults"): control.faults,
    ("PUT", "/simulator/faults"): control.put_faults,
    ("GET", "/simulator/mails"): control.mails,
    ("GET", "/simulator/copies"): control.copies,
    ("GET", "/simulator/rates"): control.rates,
    ("POST", "/simulator/reset"): control.reset,
}


class Routes:
    def __init__(self, world: World) -> None:
        self._world = world

    def cuts_before_body(self, method: str, path: str) -> bool:
        return method == "POST" and path == SEND_EMAIL and self._world.faults.cut_before_body.strikes()

    def answer(self, request: Request) -> Reply:
        try:
            if request.path.startswith("/v2/email/"):
                return self._ses(request)
            call = CONTROL.get((request.method, request.path))
            if call is None:
                raise AwsError("UnknownOperationException")
            return call(self._world, request)
        except AwsError as error:
            return rest_answer(error)

    def _ses(self, request: Request) -> Reply:
        check_signature(request, ("ses",), self._world.options.secrets, time.time())
        call = SES.get((request.method, request.path))
        if call is None:
            raise AwsError("UnknownOperationException")
        return call(self._world, request)
