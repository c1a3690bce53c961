"""The calls about users, as the router, the door and the specification take them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from couvert.api.parts import Parts
from couvert.api.v2.accounts.shapes import AddedUserAnswer, AddUserBody, RenameBody, UserAnswer, UsersAnswer
from couvert.api.v2.accounts.users import UserHandlers
from couvert.api.v2.call import Call
from couvert.api.v2.pages import PageQuery

USER: Final = {"userId": "The user's id."}
EXAMPLE_PERSON: Final = {"firstName": "Alice", "lastName": "Ash"}
EXAMPLE_USER: Final = {
    "userId": "0d7c64f4-5a0b-4b8c-8f55-6a1f0e0a9b3e",
    "email": "alice@example.com",
    "person": EXAMPLE_PERSON,
    "registeredAt": "2026-01-31T12:00:00.000Z",
    "role": "admin",
    "isAdmin": True,
}
EXAMPLE_ADDED: Final = {
    "email": "dora@example.com",
    "role": "member",
    "person": {"firstName": "Dora", "lastName": "Dogwood"},
}
EXAMPLE_SETUP_URL: Final = "https://mail.example.com/console/setup?code=w9Vb0Zu6bqwfa5nJGbpqfhp_dFQZ3F8NQB6UrKfgY8A"


def user_calls(parts: Parts) -> Sequence[Call]:
    users = UserHandlers(parts)
    call = partial(Call, tag="Users")
    own = partial(
        call, method="GET", handle=users.read_own, summary="Read who the token belongs to", answer=UserAnswer,
        example_data=EXAMPLE_USER,
    )  # fmt: skip
    rename = partial(
        call, method="PUT", summary="Change one's name", body=RenameBody, answer=UserAnswer,
        example_body={"person": EXAMPLE_PERSON}, example_data=EXAMPLE_USER,
    )  # fmt: skip
    return [
        own(path="/v2/user"),
        own(path="/v2/users/self", summary="Read oneself"),
        rename(path="/v2/users/self", handle=users.rename_own),
        call(
            method="GET",
            path="/v2/users",
            handle=users.list_all,
            summary="List the users",
            description="In the order in which they were added; for admins.",
            query=PageQuery,
            answer=UsersAnswer,
            list_name="users",
            is_for_admins=True,
            example_data={"users": [EXAMPLE_USER]},
        ),
        call(
            method="POST",
            path="/v2/users",
            handle=users.add,
            summary="Add a user",
            description="For admins. The user chooses a password at `setupUrl`, which is shown in this answer alone.",
            body=AddUserBody,
            answer=AddedUserAnswer,
            status=201,
            refusals=("conflict",),
            is_for_admins=True,
            example_body=EXAMPLE_ADDED,
            example_data={**EXAMPLE_USER, **EXAMPLE_ADDED, "isAdmin": False, "setupUrl": EXAMPLE_SETUP_URL},
        ),
        call(
            method="GET",
            path="/v2/users/{userId}",
            handle=users.read,
            summary="Read a user",
            description="Somebody else's is only there for admins.",
            answer=UserAnswer,
            refusals=("not_found",),
            parameters=USER,
            example_data=EXAMPLE_USER,
        ),
        rename(
            path="/v2/users/{userId}",
            handle=users.rename,
            summary="Change one's name, by one's id",
            description="Of oneself; nobody else's can be changed.",
            refusals=("not_found",),
            parameters=USER,
        ),
        call(
            method="DELETE",
            path="/v2/users/{userId}",
            handle=users.delete,
            summary="Delete a user",
            description="For admins. The user is signed out, their tokens are revoked, address and name are forgotten. "
            "The last admin cannot be deleted.",
            refusals=("not_found", "conflict"),
            is_for_admins=True,
            parameters=USER,
        ),
    ]
