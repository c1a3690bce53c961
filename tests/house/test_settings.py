"""A wrong setting stops the start, with one line that says what to do."""

import pytest

from couvert.settings import Settings, WrongSetting


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("COUVERT_TRANSPROT", "sandbox", "do you mean COUVERT_TRANSPORT?"),
        ("COUVERT_NOPE", "abc", "docs/settings.md lists those that are."),
        ("COUVERT_DATABASE_URL", "postgresql://x/y", "is not a setting of this version"),
        ("COUVERT_MAX_IN_FLIGHT", "many", "COUVERT_MAX_IN_FLIGHT: Input should be a valid integer"),
        ("COUVERT_LEASE_SECONDS", "0.5", "COUVERT_LEASE_SECONDS: Input should be greater than or equal to 1"),
        ("COUVERT_PUBLIC_URL", "mail.example.com", "write it as https://mail.example.com"),
        ("COUVERT_AWS_ENDPOINT_URL", "http://127.0.0.1:99999", "write it as https://mail.example.com"),
        ("COUVERT_AWS_ENDPOINT_URL", "http://:4579", "write it as https://mail.example.com"),
        ("COUVERT_TRUSTED_PROXIES", "10.0.0.1, *", "write 10.0.0.5 or 10.0.0.0/24"),
        ("COUVERT_RATE_LIMIT", "3000", "write requests/seconds such as 3000/600s"),
        ("COUVERT_IDEMPOTENCY_HOURS", "23", "greater than or equal to 24"),
        ("COUVERT_IDEMPOTENCY_HOURS", "721", "less than or equal to 720"),
        ("COUVERT_RATE_LIMIT", "0/600s", "both at least 1"),
        ("COUVERT_RATE_LIMIT", "3000/0s", "both at least 1"),
    ],
)
def test_it_is_named_with_what_to_write_instead(monkeypatch, name, value, says):
    monkeypatch.setenv(name, value)
    with pytest.raises(WrongSetting) as wrong:
        Settings.read()
    assert name in str(wrong.value)
    assert says in str(wrong.value)
    assert "\n" not in str(wrong.value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("sqs://mails", "sqs://mails"),
        ("sqs://mails", "https://sqs.eu-west-1.amazonaws.com/123456789012/mails"),
        ("https://sqs.eu-west-1.amazonaws.com/1/mails", "https://sqs.eu-west-1.amazonaws.com/1/mails"),
    ],
)
@pytest.mark.parametrize("name", ["QUEUE_URL", "RESULT_QUEUE_URL", "DEAD_LETTER_QUEUE_URL"])
def test_a_queue_has_one_purpose(monkeypatch, name, one, other):
    monkeypatch.setenv("COUVERT_NOTICE_QUEUE_URL", one)
    monkeypatch.setenv(f"COUVERT_{name}", other)

    with pytest.raises(WrongSetting, match=f"COUVERT_{name}: is the queue of COUVERT_NOTICE_QUEUE_URL too"):
        Settings.read()


def test_queues_of_one_name_may_be_of_two_accounts(monkeypatch):
    monkeypatch.setenv("COUVERT_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/111111111111/mails")
    monkeypatch.setenv("COUVERT_DEAD_LETTER_QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/222222222222/mails")

    assert Settings.read().dead_letter_queue_url != Settings.read().queue_url


@pytest.mark.parametrize("name", ["QUEUE_URL", "NOTICE_QUEUE_URL", "DEAD_LETTER_QUEUE_URL", "BOUNCE_MAILBOX"])
def test_what_is_set_to_nothing_is_not_set(monkeypatch, name):
    monkeypatch.setenv(f"COUVERT_{name}", "")

    assert getattr(Settings.read(), name.lower()) is None


def test_what_the_command_line_gives_wins_over_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("COUVERT_DATA_DIR", "/elsewhere")
    assert Settings.read(data_dir=tmp_path).data_dir == tmp_path


def test_a_rate_is_requests_and_seconds(monkeypatch):
    monkeypatch.setenv("COUVERT_RATE_LIMIT", " 100/60s")

    assert Settings.read().rate == (100, 60)
