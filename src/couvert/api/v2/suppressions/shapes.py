"""What is asked and answered about suppressions."""

from __future__ import annotations

from typing import Annotated, TypedDict

from pydantic import AfterValidator, BaseModel, Field

from couvert.api.v2.pages import CursorQuery
from couvert.api.v2.times import Moment, rfc3339, rfc3339_or_none
from couvert.commands.addresses import normalise
from couvert.domain import ids
from couvert.domain.delivery_events import Reason
from couvert.domain.suppression import Suppression

Address = Annotated[str, Field(max_length=1_000), AfterValidator(normalise)]
Expiry = Annotated[Moment | None, Field(alias="expiresAt", description="When it ends by itself; null: never.")]


class SuppressionBody(BaseModel):
    email: Annotated[Address, Field(description="The address; upper and lower case are one.")]
    reason: Annotated[Reason, Field(description="Why mail is kept from it.")] = "manual"
    expires_at: Expiry = None


class ReplaceSuppressionBody(BaseModel):
    reason: Annotated[Reason | None, Field(description="Null leaves it as it is.")] = None
    expires_at: Expiry = None


class SuppressionsQuery(CursorQuery):
    email: Annotated[Address | None, Field(description="Of this address.")] = None
    reason: Annotated[Reason | None, Field(description="With this reason.")] = None


class SuppressionAnswer(TypedDict):
    suppressionId: Annotated[str, Field(description="Opaque, in time order.", examples=["sup_0j3q5r2f4g000"])]
    email: str
    reason: Reason
    deliveryId: Annotated[str | None, Field(description="The delivery that caused it; null if it was entered.")]
    createdAt: str
    expiresAt: str | None


class SuppressionsAnswer(TypedDict):
    suppressions: list[SuppressionAnswer]


class ImportedAnswer(TypedDict):
    added: int
    replaced: Annotated[int, Field(description="Addresses whose suppression had another reason or end.")]
    unchanged: int


def suppression_answer(suppression: Suppression) -> SuppressionAnswer:
    return {
        "suppressionId": ids.encode("sup", suppression.id),
        "email": suppression.address,
        "reason": suppression.reason,
        "deliveryId": None if suppression.delivery is None else ids.encode("dlv", suppression.delivery),
        "createdAt": rfc3339(suppression.created_at),
        "expiresAt": rfc3339_or_none(suppression.expires_at),
    }
