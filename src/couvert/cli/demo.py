"""`couvert demo`: one mail from the first `curl` to its timeline, on a throw-away directory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import typer

from couvert.cli.options import with_parts
from couvert.cli.show import print_delivery
from couvert.domain.delivery import State

if TYPE_CHECKING:
    from couvert.wiring import Parts

ORIGIN: Final = "https://app.example.com"
MAIL: Final = {
    "recipients": [
        {
            "name": "John Doe",
            "mail": "john@example.com",
            "company": "Acme Corp",
            "emailRecipientId": "recipient-123",
        }
    ],
    "sender_name": "Support Team",
    "sender_email": "support@example.com",
    "sender_organisation_name": "Acme Corp",
    "subject": "Test Email",
    "html_template": "<html><body><h1>Hello {{name}}</h1></body></html>",
    "client_env_id": "env-123",
    "email_id": "msg-123",
    "emailRecipientId": "recipient-123",
    "projectId": "project-456",
    "closureId": "closure-789",
}
"""The sample mail of /v1's documentation."""


def demo() -> None:
    """Start a service on a throw-away directory, send the sample mail over HTTP, show what became of it, stop."""
    with tempfile.TemporaryDirectory(prefix="couvert-demo-") as name:
        directory = Path(name)
        with _service(directory) as url:
            _title("1. The service", f"couvert serve --data {directory}", url)
            key = _key(url)
            answer = _send(url, key)
        _title("4. The service was stopped; what it leaves behind says:")
        is_sent = with_parts(directory, lambda parts: _look(parts, answer))
    if not is_sent:
        raise typer.Exit(1)
    print("\nSent, and every step of it is on record. `couvert serve` starts a service that stays.")


@contextmanager
def _service(directory: Path) -> Iterator[str]:
    """A `couvert serve` of its own on a free port, with settings of nobody else's; stopped at the end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COUVERT_")}
    command = [sys.executable, "-m", "couvert", "serve", "--port", "0", "--data", str(directory)]
    service = subprocess.Popen(  # noqa: S603 - our own command
        command,
        stdout=subprocess.PIPE,
        text=True,
        cwd=directory,
        env={**environment, "COUVERT_LOG_LEVEL": "warning"},
    )
    try:
        assert service.stdout is not None
        line = service.stdout.readline()
        if not line:
            raise typer.Exit(service.wait() or 1)
        yield next(word.rstrip(",") for word in line.split() if word.startswith("http://"))
    finally:
        service.terminate()
        service.wait(timeout=30)


def _key(url: str) -> str:
    body = {"name": "demo", "origin_names": ["app.example.com"], "expires_at": None}
    answer = _post(url, "/v1/api-key", body, {})
    _title("2. An API key", "POST /v1/api-key", _pretty(answer))
    return str(answer["data"]["api_key"])


def _send(url: str, key: str) -> dict[str, Any]:
    answer = _post(url, "/v1/mail", MAIL, {"x-api-key": key, "origin": ORIGIN})
    _title("3. The sample mail", "POST /v1/mail", _pretty(MAIL), "answers", _pretty(answer))
    return answer


async def _look(parts: Parts, answer: dict[str, Any]) -> bool:
    """Print the delivery and the message that the sandbox took. True only if it was really sent."""
    provider_id = (answer.get("data") or {}).get("message_id")
    for delivery_id in await parts.store.latest_deliveries(1):
        print()
        await print_delivery(parts, delivery_id)
        kept = await parts.store.sandbox_mails(delivery_id)
        for mail in kept:
            _title("5. The message, as the sandbox took it:", mail.content.decode("ascii", "replace"))
        stored = await parts.store.delivery(delivery_id)
        return bool(kept and provider_id and stored and stored.delivery.state is State.SENT)
    return False


def _post(url: str, path: str, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    connection = HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        answer: dict[str, Any] = json.loads(response.read())
    finally:
        connection.close()
    if response.status != 200:
        print(f"POST {path} answered {response.status}: {_pretty(answer)}", file=sys.stderr)
        raise typer.Exit(1)
    return answer


def _pretty(answer: object) -> str:
    return json.dumps(answer, indent=2)


def _title(title: str, *paragraphs: str) -> None:
    print(f"\n\033[1m{title}\033[0m" if sys.stdout.isatty() else f"\n{title}")
    for paragraph in paragraphs:
        print("\n".join("  " + line for line in paragraph.splitlines()))
