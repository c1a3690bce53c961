"""The API's handler under Lambda's own runtime client: the same answers, one wiring for all of them."""

import json
import subprocess
import sys

import pytest

from couvert.domain.delivery import State
from tests.aws_lambda.events import SCHEDULE, request, sqs_event
from tests.crash.crew import environment

pytestmark = [pytest.mark.slow]

ALICE, BOB = "alice@example.org", "bob@example.org"
MAIL = {
    "sender_email": "support@example.com",
    "subject": "Hello",
    "html_template": "<p>Hello {{name}}</p>",
    "recipients": [{"mail": ALICE, "name": "Alice"}],
}


@pytest.fixture
def couvert(tmp_path):
    """A command on the data, before there is a container; what it prints."""

    def couvert(*arguments):
        command = [sys.executable, "-m", "couvert", *arguments, "--data", str(tmp_path / "data")]
        ran = subprocess.run(command, check=True, capture_output=True, text=True, env=environment({}), cwd=tmp_path)
        return ran.stdout.strip()

    return couvert


@pytest.fixture
def key(couvert):
    return couvert("key", "create", "--name", "app", "--origin", "app.example.com")


@pytest.fixture
def token(couvert):
    couvert("user", "add", "admin@example.com", "--admin")
    return couvert("token", "create", "--user", "admin@example.com", "--role", "api_read", "--role", "api_write")


def post_mail(key, *recipients, as_bytes=False):
    mail = MAIL | {"recipients": [{"mail": recipient} for recipient in recipients or (ALICE,)]}
    content = json.dumps(mail)
    headers = {"x-api-key": key, "origin": "https://app.example.com", "content-type": "application/json"}
    return request("POST", "/v1/mail", content.encode() if as_bytes else content, headers)


def test_a_mail_is_sent_within_its_request_by_a_cold_container_and_by_a_warm_one(start, aws, ledger, key):
    container = start("api")

    cold = container.invoke(post_mail(key))
    warm = container.invoke(post_mail(key, BOB, as_bytes=True))

    assert cold["statusCode"] == warm["statusCode"] == 200
    assert cold["headers"]["access-control-allow-origin"] == "https://app.example.com"
    assert json.loads(warm["body"])["data"]["status"]["recipient"] == BOB
    assert json.loads(warm["body"])["message"] == "Email sent successfully"
    assert aws.copies() == {ALICE: 1, BOB: 1}
    assert ledger.leased() == set()
    assert ledger.faults() == []


def test_it_answers_as_the_service_does_where_nothing_is_and_where_something_is_wrong(start):
    container = start("api")

    health = container.invoke(request("GET", "/v1/health"))
    nowhere = container.invoke(request("GET", "/v1/nowhere"))
    unknown = container.invoke(post_mail("ak_wrong"))

    assert (health["statusCode"], health["body"]) == (200, '"OK"')
    assert (nowhere["statusCode"], json.loads(nowhere["body"])["error_type"]) == (404, "not_found")
    assert unknown["statusCode"] == 401


def test_keys_are_not_given_to_strangers(start):
    """Whoever comes through Lambda is none of this machine's."""
    content = json.dumps({"name": "mine", "origin_names": ["app.example.com"]})

    answer = start("api").invoke(request("POST", "/v1/api-key", content, {"host": "127.0.0.1:8000"}))

    assert answer["statusCode"] == 401


def test_what_is_written_is_read_back_by_the_next_request(start, token):
    container = start("api")
    headers = {"authorization": f"Bearer {token}", "content-type": "application/json"}
    mail = {
        "sender": {"email": "support@example.com"},
        "recipients": [{"email": ALICE}],
        "subject": "Hello",
        "htmlTemplate": "<p>Hello</p>",
    }

    posted = container.invoke(request("POST", "/v2/mails", json.dumps(mail), headers))
    seen = {**headers, "if-event-reached": posted["headers"]["etag"]}
    listed = container.invoke(request("GET", "/v2/mails", headers=seen, query="limit=1"))

    [found] = json.loads(listed["body"])["data"]["mails"]
    assert found["mailId"] == json.loads(posted["body"])["data"]["mailId"]


def test_a_stream_ends_in_time_with_what_it_has(start, token):
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}

    answer = start("api").invoke(request("GET", "/v2/events/stream", headers=headers), seconds=4)

    assert answer["statusCode"] == 200
    assert ": open" in answer["body"]


def test_what_nobody_waits_for_is_sent_by_the_next_schedule(start, aws, ledger, key):
    container = start("api")

    queued = container.invoke(post_mail(key, ALICE, BOB))
    assert json.loads(queued["body"])["data"]["queued"] == 2
    assert aws.copies() == {}
    container.invoke(SCHEDULE)

    assert ledger.in_state(State.SENT) == {ALICE, BOB}
    assert ledger.leased() == set()


def test_bulk_goes_through_the_queue_to_the_other_function_and_is_sent_once(start, aws, ledger, key, post):
    bulk, results = post("bulk"), post("results")
    api = start("api", queue_url="sqs://bulk", result_queue_url="sqs://results")
    api.invoke(post_mail(key, ALICE, BOB))
    api.kill()
    records = [
        {
            "messageId": message["MessageId"],
            "body": message["Body"],
            "messageAttributes": {
                name: {"stringValue": each["StringValue"], "dataType": "String"}
                for name, each in message["MessageAttributes"].items()
            },
        }
        for message in bulk.received()
    ]
    assert len(records) == 2
    queue = start("queue", queue_url="sqs://bulk", result_queue_url="sqs://results")

    queue.invoke(sqs_event(*records))
    queue.invoke(sqs_event(*records))

    assert ledger.in_state(State.SENT) == {ALICE, BOB}
    assert aws.copies() == {ALICE: 1, BOB: 1}
    assert {json.loads(message["Body"])["recipient"] for message in results.received()} == {ALICE, BOB}


# --- What must not be -------------------------------------------------------------------------------------------------


def test_a_wrong_setting_fails_the_init_with_one_line(start):
    failed = start("api", transport="ses:").init_error()

    assert failed["errorType"] == "WrongSetting"
    assert failed["errorMessage"].startswith("COUVERT_TRANSPORT: ")
    assert failed["stackTrace"] == []


def test_so_does_a_setting_that_is_none(start):
    failed = start("queue", databse_url="postgresql://nowhere").init_error()

    assert failed["errorMessage"].startswith("COUVERT_DATABSE_URL is not a setting")


def test_two_containers_do_not_share_a_directory(start):
    start("api").invoke(SCHEDULE)

    assert "is served by another process" in start("queue").init_error()["errorMessage"]


def test_no_key_and_no_address_stands_in_the_log(start, key):
    container = start("api", variables={"AWS_LAMBDA_LOG_LEVEL": "DEBUG"}, log_level="debug")
    container.invoke(post_mail(key))
    container.invoke(request("DELETE", f"/v1/api-key/{key}"))

    assert "request" in container.logged()
    assert key not in container.logged()
    assert ALICE not in container.logged()
