"""What `couvert doctor` says of the pace."""

import pytest

from couvert import wiring
from couvert.cli.checks.pace import pace
from couvert.domain.finding import Verdict
from couvert.domain.pace import AccountLimits
from couvert.settings import Settings
from couvert.simulator.testing import simulated_ses
from tests.delivery.ses.handing import KEYS


@pytest.fixture
async def parts(tmp_path, monkeypatch):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    with simulated_ses(rate=90, daily_quota=50_000) as ses:
        parts = wiring.open_parts(
            Settings(data_dir=tmp_path, transport="ses://us-east-1", aws_endpoint_url=ses.url), is_server=True
        )
        yield parts, ses
        await parts.store.close()


async def test_it_says_what_the_account_may_send(parts):
    (finding,) = await pace(parts[0])
    assert finding.verdict is Verdict.OK
    assert finding.sentence == "90 recipients a second, 0 of 50,000 sent in 24 hours"


async def test_an_account_that_cannot_be_asked_is_paced_by_the_setting_and_it_says_so(parts):
    parts, ses = parts
    ses.faults(account_unreadable=True)
    (finding,) = await pace(parts)
    assert finding.verdict is Verdict.WRONG
    assert "14 recipients leave a second (COUVERT_SES_RATE)" in finding.sentence


async def test_a_provider_that_holds_is_wrong(parts):
    parts, _ = parts
    name = await parts.account.name()
    await parts.store.learn_pace(name, AccountLimits(90), 0)
    await parts.store.hold_pace(name, "400 SendingPausedException: Sending is paused.")
    (finding,) = await pace(parts)
    assert finding.verdict is Verdict.WRONG
    assert "SendingPausedException: Sending is paused. It is tried again" in finding.sentence


async def test_a_service_that_cannot_learn_what_this_command_can_is_wrong(parts):
    parts, _ = parts
    now_us = wiring.now_us()
    await parts.store.learn_pace(await parts.account.name(), AccountLimits(14), now_us, "AccessDenied")
    (finding,) = await pace(parts)
    assert finding.verdict is Verdict.WRONG
    assert "AccessDenied. 14 recipients leave a second" in finding.sentence

    await parts.store.learn_pace(await parts.account.name(), AccountLimits(14), now_us - 600_000_000, "AccessDenied")
    assert (await pace(parts))[0].verdict is Verdict.OK
