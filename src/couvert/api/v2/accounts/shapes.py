"""What is asked and answered about users and tokens, and what it means inside."""

from __future__ import annotations

from typing import Annotated, Literal, TypedDict

from pydantic import AfterValidator, BaseModel, Field, WithJsonSchema

from couvert.api.fields import address, one_line
from couvert.api.v2.times import Moment, rfc3339, rfc3339_or_none
from couvert.domain.token import LONGEST_DESCRIPTION, TokenRole
from couvert.domain.user import LONGEST_NAME, Person, Role, User
from couvert.store.accounts import StoredToken

Name = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(one_line), AfterValidator(str.strip)]
Description = Annotated[
    str,
    Field(max_length=LONGEST_DESCRIPTION, description="What it is for."),
    AfterValidator(one_line),
    AfterValidator(str.strip),
]
Address = Annotated[str, AfterValidator(address), WithJsonSchema({"type": "string", "format": "email"})]
RoleName = Literal["admin", "member", "readonly"]

# --- Users ------------------------------------------------------------------------------------------------------------


class PersonBody(BaseModel):
    first_name: Annotated[Name, Field(alias="firstName")] = ""
    last_name: Annotated[Name, Field(alias="lastName")] = ""

    def person(self) -> Person:
        return Person(self.first_name, self.last_name)


class RenameBody(BaseModel):
    person: PersonBody


class AddUserBody(BaseModel):
    email: Address
    role: Role = Role.MEMBER
    person: PersonBody = PersonBody()


class PersonAnswer(TypedDict):
    firstName: Annotated[str, Field(description="Empty if unset.")]
    lastName: Annotated[str, Field(description="Empty if unset.")]


class UserAnswer(TypedDict):
    userId: str
    email: str
    person: PersonAnswer
    registeredAt: str
    role: RoleName
    isAdmin: bool


class AddedUserAnswer(UserAnswer):
    setupUrl: Annotated[
        str | None,
        Field(description="Where the user chooses a password, once, within 24 hours; null when it is replayed."),
    ]


class UsersAnswer(TypedDict):
    users: list[UserAnswer]


def user_answer(user: User) -> UserAnswer:
    return {
        "userId": user.user_id,
        "email": user.email,
        "person": {"firstName": user.person.first_name, "lastName": user.person.last_name},
        "registeredAt": rfc3339(user.registered_at),
        "role": user.role.value,
        "isAdmin": user.is_admin,
    }


# --- Tokens -----------------------------------------------------------------------------------------------------------


class CreateTokenBody(BaseModel):
    description: Description
    expires_at: Annotated[Moment | None, Field(alias="expiresAt", description="Null: never.")] = None
    roles: Annotated[
        list[TokenRole],
        Field(min_length=1, max_length=10, description="`api_read` for GET, `api_write` for everything else."),
    ]


class EditTokenBody(BaseModel):
    description: Description
    expires_at: Annotated[Moment | None, Field(alias="expiresAt", description="Null: never; left out: as it was.")] = (
        None
    )


class TokenAnswer(TypedDict):
    apiTokenId: str
    description: str
    roles: list[TokenRole]
    createdAt: str
    expiresAt: str | None
    lastUsedAt: str | None


class CreatedTokenAnswer(TypedDict):
    token: Annotated[str | None, Field(description="The token itself: shown this once, null when it is replayed.")]
    apiTokenId: str


class TokensAnswer(TypedDict):
    apiTokens: list[TokenAnswer]


def token_answer(stored: StoredToken) -> TokenAnswer:
    token = stored.token
    return {
        "apiTokenId": token.token_id,
        "description": token.description,
        "roles": list(token.roles),
        "createdAt": rfc3339(token.created_at),
        "expiresAt": rfc3339_or_none(token.expires_at),
        "lastUsedAt": rfc3339_or_none(stored.last_used_at),
    }
