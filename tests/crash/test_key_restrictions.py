"""Keys that were restricted on the command line, in the service that runs beside it."""

import json
from collections.abc import Iterator

import pytest

from tests.crash.clients import ORIGIN, post
from tests.crash.service import Service

pytestmark = [pytest.mark.crash, pytest.mark.slow]

ALICE = "alice@example.com"
CREATE = ("key", "create", "--name", "shop", "--origin", "app.example.com")


@pytest.fixture
def proxied(directory) -> Iterator[Service]:
    service = Service(directory, transport="sandbox", trusted_proxies="127.0.0.1")
    yield service
    service.close()


def test_a_running_service_holds_a_new_key_to_its_restrictions(service):
    service.start()
    key = service.run(*CREATE, "--sender", "example.org", "--cidr", "127.0.0.0/8", "--daily-quota", "2").stdout.strip()
    stranger = service.run(*CREATE, "--sender", "shop@example.com").stdout.strip()
    hasty = service.run(*CREATE, "--rate", "1/600s").stdout.strip()

    statuses = [post(service, key, ALICE).status for _ in range(3)]

    assert statuses == [200, 200, 429]
    assert post(service, stranger, ALICE).status == 400
    assert [post(service, hasty, ALICE).status for _ in range(2)] == [200, 429]
    assert service.run("audit").returncode == 0


def test_a_quota_outlives_the_service(service):
    key = service.run(*CREATE, "--daily-quota", "1").stdout.strip()
    service.start()
    first = post(service, key, ALICE)
    service.kill()
    service.start()

    assert (first.status, post(service, key, ALICE).status) == (200, 429)


@pytest.mark.parametrize(("option", "value", "advice"), [
    ("--sender", "shop@", "write an address such as shop@example.com"),
    ("--cidr", "192.0.2.1/24", "write a network such as 192.0.2.0/24"),
    ("--rate", "100", "write requests/seconds such as 3000/600s"),
    ("--origin", "app.example.com.", "write a host such as app.example.com"),
])  # fmt: skip
def test_a_restriction_that_is_none_is_refused_with_advice(service, option, value, advice):
    answer = service.run(*CREATE, option, value)

    assert (answer.returncode, answer.stdout) == (2, "")
    assert advice in answer.stderr


def test_behind_a_trusted_proxy_the_client_is_whom_it_names(proxied):
    key = proxied.run(*CREATE, "--cidr", "192.0.2.0/24").stdout.strip()
    proxied.start()

    assert status_for(proxied, key, "198.51.100.7, 192.0.2.7") == 422
    assert status_for(proxied, key, "192.0.2.7, 198.51.100.7") == 401


def status_for(service: Service, key: str, forwarded_for: str) -> int:
    connection = service.connection()
    headers = {"x-api-key": key, "origin": ORIGIN, "X-Forwarded-For": forwarded_for}
    connection.request("POST", "/v1/mail", json.dumps({}), headers)
    status = connection.getresponse().status
    connection.close()
    return status
