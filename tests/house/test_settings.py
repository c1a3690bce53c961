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
        ("COUVERT_DATABASE_URL", "postgresql://x/y", "is not a setting of this version"),
        ("COUVERT_MAX_IN_FLIGHT", "many", "COUVERT_MAX_IN_FLIGHT: Input should be a valid integer"),
        ("COUVERT_LEASE_SECONDS", "0.5", "COUVERT_LEASE_SECONDS: Input should be greater than or equal to 1"),
        ("COUVERT_PUBLIC_URL", "mail.example.com", "write it as https://mail.example.com"),
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


def test_what_the_command_line_gives_wins_over_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("COUVERT_DATA_DIR", "/elsewhere")
    assert Settings.read(data_dir=tmp_path).data_dir == tmp_path


def test_a_rate_is_requests_and_seconds(monkeypatch):
    monkeypatch.setenv("COUVERT_RATE_LIMIT", " 100/60s")

    assert Settings.read().rate == (100, 60)
