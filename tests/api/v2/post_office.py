"""The whole application with the real store, for the tests of /v2's mails; Alice may write, Bob may read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import httpx2

from couvert.commands.callers import Caller
from couvert.domain import ids
from couvert.settings import Settings
from tests.api.v1.service import Service
from tests.api.v2.hall import Guests

MAIL: Final[dict[str, Any]] = {
    "sender": {"email": "support@example.com", "name": "Support Team", "organisationName": "Acme Corp"},
    "subject": "Hello {{name}}",
    "htmlTemplate": "<h1>Hello {{name}}</h1>",
    "recipients": [{"email": "john@example.com", "name": "John Doe"}],
}
JANE: Final = {"email": "jane@example.com", "name": "Jane"}


def mail(**changes: Any) -> dict[str, Any]:
    return {**MAIL, **changes}


class Guest(Caller):
    """Whose token nobody can revoke, because it is not in the store."""

    @property
    def guard(self) -> Mapping[int, int]:
        return {}


class PostOffice:
    def __init__(self, directory: Path) -> None:
        settings = Settings(_env_file=None, data_dir=directory, rate_limit="1000000/600s")
        self.service = Service(directory, settings)
        self.store = self.service.store
        self.guests = Guests()
        self.guests.tokens = {name: Guest(*caller) for name, caller in self.guests.tokens.items()}
        self.guests.in_store = self.guests.tokens
        object.__setattr__(self.service.parts, "callers", self.guests)

    async def post(
        self, path: str, body: Any = None, *, key: str | None = None, token: str | None = "alice", **given: Any
    ) -> httpx2.Response:
        headers = {**({"X-Access-Token": token} if token else {}), **given.pop("headers", {})}
        if key is not None:
            headers["Idempotency-Key"] = key
        sent = {"json": body} if body is not None else {}
        return await self.service.request("POST", path, headers=headers, **sent, **given)

    async def send(self, body: dict[str, Any], **given: Any) -> httpx2.Response:
        return await self.post("/v2/mails", body, **given)


def faults(answer: httpx2.Response) -> dict[str, str]:
    """Message by reason of an answer that must be a 400."""
    assert answer.status_code == 400, answer.text
    assert answer.json()["status"] == "failure"
    return {item["reason"]: item["message"] for item in answer.json()["error"]["errors"]}


def data(answer: httpx2.Response, status: int = 202) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json()["data"]


def mail_id_of(answer: httpx2.Response) -> int:
    mail_id = ids.decode("mail", data(answer)["mailId"])
    assert mail_id is not None
    return mail_id
