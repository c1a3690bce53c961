"""The published npm package `@mittwald/api-client` works here unchanged: it is told an address and one header."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.crash.service import Service

pytestmark = pytest.mark.slow

HERE: Final = Path(__file__).parent
DELAY_MS: Final = 1_000
"""How late the read models are: enough that whoever does not wait reads what was before."""


@pytest.fixture(scope="module")
def npm(require: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the package and what it needs, each checked against its hash in the lock."""
    require("node")
    directory: Path = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json", "client.mjs"):
        shutil.copy(HERE / name, directory)
    install = [str(require("npm")), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
    subprocess.run(install, cwd=directory, check=True, timeout=120)
    return directory


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    service = Service(tmp_path_factory.mktemp("couvert"), transport="sandbox", projection_delay_ms=DELAY_MS)
    try:
        service.start()
        yield service
    finally:
        service.close()


@pytest.fixture(scope="module")
def token(service: Service) -> str:
    service.run("user", "add", "alice@example.com", "--first-name", "Alice", "--last-name", "Adams")
    roles = ("--role", "api_read", "--role", "api_write")
    return service.run("token", "create", "--user", "alice@example.com", *roles).stdout.strip()


@pytest.fixture(scope="module")
def client(npm: Path, service: Service, token: str) -> Callable[[str], str]:
    """`client("tokens")`: what it has to complain about, nothing if all went as it expects of its own API."""
    told = {"COUVERT_URL": f"http://127.0.0.1:{service.port}/", "COUVERT_TOKEN": token}

    def run(scenario: str) -> str:
        command = ["node", "client.mjs", scenario]
        environment = {"PATH": os.environ["PATH"], **told}
        done = subprocess.run(
            command, cwd=npm, env=environment, capture_output=True, text=True, timeout=60, check=False
        )
        return done.stderr if done.returncode else ""

    return run


def test_it_reads_the_user(client):
    assert client("user") == ""


def test_it_creates_lists_reads_edits_and_deletes_tokens(client):
    assert client("tokens") == ""


def test_it_reads_its_own_writes_while_the_read_models_lag(client):
    assert client("ownWrites") == ""


def test_it_turns_the_pages_of_a_list(client):
    assert client("pages") == ""


def test_it_understands_why_it_is_refused(client):
    assert client("refusals") == ""


def test_it_changes_the_users_name(client):
    assert client("person") == ""
