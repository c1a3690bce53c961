"""The process that tells webhooks, killed with its service or alone: nothing goes untold, and ids tell of repeats."""

import asyncio
import http.client
import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from couvert.readmodels.audit import audit
from tests.crash.service import Service
from tests.delivery.webhooks.receiver import receiving

MAILS = 300
PATIENCE_SECONDS = 30


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path, webhook_allow_http=True, webhook_allow_private=True)
    yield service
    service.close()


def post(service: Service, token: str, path: str, body: object) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=20)
    connection.request("POST", path, json.dumps(body), {"X-Access-Token": token, "Content-Type": "application/json"})
    answer = connection.getresponse()
    assert answer.status in (201, 202), answer.read()
    connection.close()


def tellers(directory: Path) -> list[int]:
    """Processes that tell webhooks of this directory."""
    listed = subprocess.run(["ps", "-wweo", "pid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(None, 2) for line in listed.splitlines()]
    return [
        int(pid) for pid, stat, args in rows if "tell-webhooks" in args and str(directory) in args and stat[0] != "Z"
    ]


async def until(condition) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - it happens in another process
            await asyncio.sleep(0.05)


@pytest.mark.crash
@pytest.mark.slow
async def test_whoever_is_killed_every_event_is_told_and_a_repeat_has_the_same_id(service, tmp_path):
    service.start()
    service.run("user", "add", "alice@example.com", "--admin")
    token = service.run(
        "token", "create", "--user", "alice@example.com", "--role", "api_read", "--role", "api_write"
    ).stdout.strip()
    async with receiving() as receiver:
        await asyncio.to_thread(post, service, token, "/v2/webhooks", {"url": receiver.url, "types": ["delivery.sent"]})
        mail = {
            "sender": {"email": "a@example.com"}, "subject": "x", "textTemplate": "hi",
            "recipients": [{"email": f"{n}@example.com"} for n in range(MAILS)],
        }  # fmt: skip
        await asyncio.to_thread(post, service, token, "/v2/mails", mail)
        for share in (0.1, 0.3):
            await until(lambda share=share: len(receiver.requests) > MAILS * share)
            await until(lambda: bool(tellers(tmp_path)))
            os.kill(tellers(tmp_path)[0], signal.SIGKILL)
        await until(lambda: len(receiver.requests) > MAILS * 0.6)
        service.kill()
        await until(lambda: not tellers(tmp_path))  # it ends with who started it
        service.log = logged = (tmp_path / "log").open("w+")
        service.start()
        await until(lambda: len({request.id for request in receiver.requests}) == MAILS)
        events = {json.loads(request.body)["data"]["eventId"] for request in receiver.requests}
        assert len(events) == MAILS
        assert len(receiver.requests) <= MAILS + 3 * 2, "at each kill, two were under way"
        started = time.monotonic()
        os.kill(tellers(tmp_path)[0], signal.SIGTERM)  # as systemd does to the whole group
        service.terminate()
        assert service.exit_code() == 0
        logged.seek(0)
        assert "webhooks.process_ended" not in logged.read()
        logged.close()
        assert time.monotonic() - started < 15
        assert tellers(tmp_path) == []
    report = audit(tmp_path)
    assert report.is_sound, report.faults.first
