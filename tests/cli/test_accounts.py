"""`couvert user` and `couvert token`, as they are typed; beside a `serve` that runs."""

import http.client
import os
import re
import signal
import subprocess
import sys

import pytest

COUVERT = [sys.executable, "-m", "couvert"]
LINK = re.compile(r"http://127\.0\.0\.1:(\d+)/console/setup\?code=[\w-]{43}")


class CommandLine:
    def __init__(self, directory, environment):
        self._directory = directory
        self._environment = environment

    def __call__(self, *arguments, stdin=None):
        return subprocess.run(
            [*COUVERT, *arguments, "--data", "data"],
            input=stdin, capture_output=True, text=True, cwd=self._directory, env=self._environment, timeout=60,
            check=False,
        )  # fmt: skip

    def serve(self):
        command = [*COUVERT, "serve", "--port", "0", "--data", "data"]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=self._directory, env=self._environment)


@pytest.fixture
def couvert(tmp_path, monkeypatch):
    monkeypatch.setenv("COUVERT_LOG_LEVEL", "warning")
    return CommandLine(tmp_path, dict(os.environ))


@pytest.fixture
def serve(couvert):
    """Start one; it is stopped in the end."""
    children = []

    def start():
        children.append(couvert.serve())
        return children[-1]

    yield start
    for child in children:
        child.send_signal(signal.SIGTERM)
        child.wait(60)
        child.stdout.close()


def test_who_is_added_without_a_password_gets_a_link(couvert):
    added = couvert("user", "add", "alice@example.com", "--admin", "--first-name", "Alice")

    assert added.returncode == 0
    assert LINK.findall(added.stdout) == ["8000"]
    assert re.fullmatch(r"[0-9a-f-]{36}  admin     alice@example\.com  Alice\n", couvert("user", "list").stdout)


def test_who_is_added_with_a_password_needs_none(couvert):
    added = couvert("user", "add", "alice@example.com", "--role", "readonly", "--password-stdin", stdin="a long one\n")

    assert (added.returncode, added.stdout) == (0, "")
    assert "readonly  alice@example.com" in couvert("user", "list").stdout


def test_a_role_is_changed_by_address(couvert):
    couvert("user", "add", "bob@example.com")

    assert couvert("user", "role", "bob@example.com", "readonly").returncode == 0
    assert "readonly  bob@example.com" in couvert("user", "list").stdout


@pytest.mark.parametrize(("arguments", "stdin", "words"), [
    (("user", "add", "nobody"), None, "email: "),
    (("user", "add", "bob@example.com", "--role", "king"), None, "king"),
    (("user", "add", "bob@example.com", "--password-stdin"), "short\n", "A password has 8"),
    (("user", "add", "alice@example.com"), None, "There is a user"),
    (("user", "delete", "bob@example.com"), None, "There is no user bob@example.com"),
    (("user", "delete", "alice@example.com"), None, "last admin"),
    (("user", "role", "alice@example.com", "member"), None, "last admin"),
    (("user", "role", "alice@example.com", "king"), None, "king"),
    (("user", "link", "bob@example.com"), None, "There is no user bob@example.com"),
    (("token", "create", "--user", "bob@example.com", "--role", "api_read"), None, "There is no user"),
    (("token", "create", "--user", "alice@example.com", "--role", "api_all"), None, "api_all"),
    (("token", "create", "--user", "alice@example.com"), None, "--role"),
    (("token", "create", "--user", "alice@example.com", "--role", "api_read", "--expires-at", "2020-01-01"), None,
     "in the past"),
    (("token", "revoke", "cvt_unknown"), None, "does not exist"),
])  # fmt: skip
def test_what_is_wrong_is_told_on_one_line(couvert, arguments, stdin, words):
    couvert("user", "add", "alice@example.com", "--admin")

    wrong = couvert(*arguments, stdin=stdin)

    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert words in wrong.stderr
    assert wrong.stderr.count("\n") == 1


def test_a_token_is_printed_alone_listed_and_revoked(couvert):
    couvert("user", "add", "alice@example.com")
    created = couvert("token", "create", "--user", "alice@example.com", "--role", "api_read", "--description", "ci")

    token = created.stdout.strip()
    listed = couvert("token", "list", "--user", "alice@example.com").stdout
    revoked = couvert("token", "revoke", token)

    assert re.fullmatch(r"cvt_[0-9A-Za-z]{36}", token)
    assert re.fullmatch(r"[0-9a-f-]{36}  api_read            expires -  used -  ci\n", listed)
    assert (revoked.returncode, couvert("token", "list", "--user", "alice@example.com").stdout) == (0, "")


def test_a_deleted_user_is_gone_and_the_log_adds_up(couvert):
    couvert("user", "add", "alice@example.com")
    couvert("token", "create", "--user", "alice@example.com", "--role", "api_read")

    deleted = couvert("user", "delete", "alice@example.com")

    assert (deleted.returncode, couvert("user", "list").stdout) == (0, "")
    assert couvert("audit").stdout.endswith("Everything adds up.\n")


def test_the_first_start_invites_whoever_reads_it(couvert, serve):
    said = serve().stdout

    listening, console, link = said.readline(), said.readline(), said.readline()

    (port,) = re.findall(r"listens on http://127\.0\.0\.1:(\d+),", listening)
    assert f"http://127.0.0.1:{port}/console/" in console
    assert LINK.findall(link) == [port]


def test_a_link_leads_to_the_serve_that_runs(couvert, serve):
    said = serve().stdout
    (port,) = re.findall(r"listens on http://127\.0\.0\.1:(\d+),", said.readline())
    said.readline()
    said.readline()

    added = couvert("user", "add", "alice@example.com")

    assert LINK.findall(added.stdout) == [port]


def test_the_next_request_sees_what_the_command_line_did(couvert, serve):
    said = serve().stdout
    (port,) = re.findall(r"listens on http://127\.0\.0\.1:(\d+),", said.readline())
    couvert("user", "add", "alice@example.com")
    token = couvert("token", "create", "--user", "alice@example.com", "--role", "api_read").stdout.strip()

    connection = http.client.HTTPConnection("127.0.0.1", int(port), timeout=20)
    connection.request("GET", "/v2/users/self", headers={"X-Access-Token": token})
    status = connection.getresponse().status
    connection.close()

    assert status == 200


def test_a_user_is_given_a_limit_and_loses_it_again(couvert):
    couvert("user", "add", "alice@example.com", "--first-name", "Alice")

    given = couvert("user", "limit", "alice@example.com", "10000/600s")
    with_limit = couvert("user", "list").stdout
    couvert("user", "limit", "alice@example.com", "default")
    wrong = couvert("user", "limit", "alice@example.com", "many")

    assert (given.returncode, given.stdout) == (0, "")
    assert with_limit.endswith("  alice@example.com  Alice  10000/600s\n")
    assert couvert("user", "list").stdout.endswith("  alice@example.com  Alice\n")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    assert "3000/600s" in wrong.stderr
    assert couvert("audit").returncode == 0
