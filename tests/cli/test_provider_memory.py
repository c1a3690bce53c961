"""A transport that was forgotten does not end real mail in the sandbox."""

from pathlib import Path
from typing import Any

import pytest

from couvert import wiring
from couvert.cli.checks import delivery
from couvert.domain.finding import Verdict
from couvert.settings import Settings, WrongSetting
from tests.cli.test_with_courier import give_up


def settings(directory: Path, **given: Any) -> Settings:
    return Settings(_env_file=None, data_dir=directory, **given)


@pytest.fixture(autouse=True)
def _nothing_is_set(monkeypatch):
    monkeypatch.delenv("COUVERT_TRANSPORT", raising=False)


@pytest.mark.parametrize("transport", ["smtp://relay.example.com", "smtps://relay.example.com", "ses://eu-west-1"])
def test_after_a_provider_the_sandbox_has_to_be_asked_for(tmp_path, transport):
    wiring.remember_provider(settings(tmp_path, transport=transport))

    with pytest.raises(WrongSetting, match=r"COUVERT_TRANSPORT is not set, and mail left .* by (smtp|ses): set it"):
        wiring.refuse_forgotten(settings(tmp_path))
    wiring.refuse_forgotten(settings(tmp_path, transport="sandbox"))
    wiring.remember_provider(settings(tmp_path, transport="sandbox"))
    wiring.refuse_forgotten(settings(tmp_path))


def test_another_provider_may_be_named(tmp_path):
    wiring.remember_provider(settings(tmp_path, transport="smtp://relay.example.com"))
    wiring.remember_provider(settings(tmp_path, transport="ses://eu-west-1"))

    assert wiring.last_provider(tmp_path) == "ses"


def test_a_new_directory_begins_with_the_sandbox(tmp_path):
    wiring.refuse_forgotten(settings(tmp_path / "new"))
    wiring.remember_provider(settings(tmp_path))

    assert wiring.last_provider(tmp_path) == "sandbox"


async def test_the_doctor_says_that_a_transport_was_forgotten(tmp_path):
    wiring.remember_provider(settings(tmp_path, transport="smtp://relay.example.com"))
    parts = wiring.open_parts(settings(tmp_path))
    try:
        (finding,) = await delivery.transport(parts)
    finally:
        await parts.store.close()

    assert finding.verdict is Verdict.WRONG
    assert "COUVERT_TRANSPORT is not set" in finding.sentence


async def test_the_doctor_says_that_it_looks_at_other_settings_than_those_of_serve(tmp_path):
    lock = wiring.ServeLock(tmp_path)
    lock.take()
    wiring.remember_provider(settings(tmp_path, transport="ses://eu-west-1"))
    lock.announce("http://127.0.0.1:8000")
    parts = wiring.open_parts(settings(tmp_path, transport="smtp://relay.example.com"))
    try:
        (finding,) = await delivery.serve(parts)
    finally:
        await parts.store.close()
        give_up(lock)

    assert finding.verdict is Verdict.WRONG
    assert "delivers by ses, and the settings here say smtp" in finding.sentence
