"""Whoever posts mail: once, waiting for the outcome, or without a pause (`load.py`)."""

import http.client
import json
import threading
from contextlib import suppress
from typing import Any, NamedTuple

from tests.crash.service import Service

ORIGIN = "https://app.example.com"


class Answer(NamedTuple):
    status: int
    body: Any


def post_mail(
    connection: http.client.HTTPConnection, key: str, recipients: list[str], idempotency_key: str | None = None
) -> Answer:
    """POST /v1/mail. Raises OSError or HTTPException where the service gives no whole answer."""
    mail = {
        "recipients": [{"mail": email, "name": "Charlie"} for email in recipients],
        "sender_email": "shop@example.org",
        "subject": "To {{name}}",
        "html_template": "<p>Hello {{name}}</p>" + "<p>All the news.</p>" * 100,
    }
    headers = {"Content-Type": "application/json", "x-api-key": key, "origin": ORIGIN}
    if idempotency_key is not None:
        headers["Idempotency-Key"] = idempotency_key
    connection.request("POST", "/v1/mail", json.dumps(mail), headers)
    response = connection.getresponse()
    return Answer(response.status, json.loads(response.read()))


def post(service: Service, key: str, *recipients: str) -> Answer:
    connection = service.connection()
    try:
        return post_mail(connection, key, list(recipients))
    finally:
        connection.close()


class Waiting:
    """Somebody whose request is under way."""

    def __init__(self, service: Service, key: str, *recipients: str) -> None:
        self._answers: list[Answer] = []
        self._thread = threading.Thread(target=self._post, args=(service, key, *recipients))
        self._thread.start()

    @property
    def is_answered(self) -> bool:
        return bool(self._answers)

    def answer(self) -> Answer:
        self.end()
        [answer] = self._answers
        return answer

    def end(self) -> None:
        self._thread.join(30)

    def _post(self, *given) -> None:
        with suppress(OSError, http.client.HTTPException):
            self._answers.append(post(*given))
