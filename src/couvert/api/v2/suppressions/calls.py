"""The calls about suppressions, as the router, the door and the specification take them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, Final

from couvert.api.parts import Parts
from couvert.api.v2.call import Call
from couvert.api.v2.suppressions.handlers import CSV, SuppressionCalls
from couvert.api.v2.suppressions.shapes import (
    ImportedAnswer,
    ReplaceSuppressionBody,
    SuppressionAnswer,
    SuppressionBody,
    SuppressionsAnswer,
    SuppressionsQuery,
)

TAG: Final = "Suppressions"
ONE: Final = {"suppressionId": "The suppression's id."}
EXAMPLE_BODY: Final[dict[str, Any]] = {"email": "bob@example.org", "reason": "complaint", "expiresAt": None}
EXAMPLE: Final = {
    "suppressionId": "sup_00jbyd8cjd800",
    **EXAMPLE_BODY,
    "deliveryId": "dlv_00jbyd8cjd801",
    "createdAt": "2026-01-31T12:00:00.000Z",
}
EXAMPLE_LIST: Final = "email,reason,expiresAt\r\ncharlie@example.org,hard_bounce,\r\ndora@example.net,manual,\r\n"


def suppression_calls(parts: Parts) -> Sequence[Call]:
    suppressions = SuppressionCalls(parts)
    one = partial(Call, path="/v2/suppressions/{suppressionId}", tag=TAG, parameters=ONE, refusals=("not_found",))
    return [
        Call(
            method="POST",
            path="/v2/suppressions",
            handle=suppressions.create,
            summary="Suppress an address",
            description="From now on no attempt to send to it is begun. One that is suppressed already is a conflict.",
            tag=TAG,
            body=SuppressionBody,
            answer=SuppressionAnswer,
            status=201,
            refusals=("conflict",),
            example_body=EXAMPLE_BODY,
            example_data={**EXAMPLE, "deliveryId": None},
        ),
        Call(
            method="GET",
            path="/v2/suppressions",
            handle=suppressions.list_all,
            summary="List the suppressed addresses",
            description="Newest first; those that have ended are not among them.",
            tag=TAG,
            query=SuppressionsQuery,
            answer=SuppressionsAnswer,
            list_name="suppressions",
            refusals=("bad_cursor",),
            example_data={"suppressions": [EXAMPLE]},
        ),
        Call(
            method="POST",
            path="/v2/suppressions/import",
            handle=suppressions.import_,
            summary="Import a list of addresses",
            description=(
                "A CSV file; its first line names the columns: `email`, and perhaps `reason` and `expiresAt`. All of "
                "it is imported or, if anything is at fault, nothing; every fault is listed with its line. An address "
                "that is suppressed already gets the reason and the end that the list gives it. At most 100,000 lines."
            ),
            tag=TAG,
            text_body=CSV,
            answer=ImportedAnswer,
            example_text=EXAMPLE_LIST,
            example_data={"added": 2, "replaced": 0, "unchanged": 0},
        ),
        Call(
            method="GET",
            path="/v2/suppressions/export",
            handle=suppressions.export,
            summary="Export all suppressed addresses",
            description="As CSV, newest first; `POST /v2/suppressions/import` takes it back.",
            tag=TAG,
            media_types=(CSV,),
        ),
        one(
            method="GET",
            handle=suppressions.read,
            summary="Read a suppression",
            answer=SuppressionAnswer,
            example_data=EXAMPLE,
        ),
        one(
            method="PUT",
            handle=suppressions.replace,
            summary="Replace a suppression",
            description="Its reason stays if it is left out; an end that is left out is lifted.",
            body=ReplaceSuppressionBody,
            answer=SuppressionAnswer,
            example_body={"reason": "manual", "expiresAt": "2099-01-31T12:00:00Z"},
            example_data={**EXAMPLE, "reason": "manual", "deliveryId": None, "expiresAt": "2099-01-31T12:00:00.000Z"},
        ),
        one(
            method="DELETE",
            handle=suppressions.delete,
            summary="Delete a suppression",
            description="Mails that are sent from now on go to the address again; what was suppressed stays so.",
        ),
    ]
