"""What SES lets an account send in a day: when it is used up the rest waits, and leaves when more is allowed."""

import asyncio

import pytest

from couvert import wiring
from couvert.commands.accept import AcceptMails
from couvert.domain.ids import IdSource
from couvert.domain.mail import AcceptMail, Recipient, Sender
from couvert.readmodels.audit import audit
from couvert.settings import Settings
from couvert.simulator.testing import simulated_ses
from couvert.wiring import now_ms
from tests.crash.courierhouse import until
from tests.delivery.ses.handing import KEYS

pytestmark = pytest.mark.crash


@pytest.fixture
def quick(monkeypatch):
    """Minutes that a test can wait for."""
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("couvert.workers.limits.LEARN_SECONDS", 0.3)
    monkeypatch.setattr("couvert.workers.pace.WAIT_SECONDS", 0.05)


@pytest.mark.usefixtures("quick")
async def test_a_quota_that_is_used_up_keeps_the_rest_until_more_is_allowed(directory):
    with simulated_ses(rate=500, daily_quota=20) as ses:
        settings = Settings(_env_file=None, data_dir=directory, transport="ses://us-east-1", aws_endpoint_url=ses.url)
        parts = wiring.open_parts(settings, is_server=True)
        await accept(parts.store, 30)
        async with wiring.running(parts, delivers=True):
            await until(lambda: parts.courier.hand_overs.outcomes["ses", "taken"] == 20)
            await until(lambda: "daily quota" in (parts.courier.trouble or ""))
            await asyncio.sleep(1)  # it is asked anew meanwhile, and says the same
            assert (await asyncio.to_thread(ses.rates))["asked"]["total"] == 20

            await asyncio.to_thread(ses.faults, daily_quota=100)
            await until(lambda: parts.courier.trouble is None)
            await until(lambda: parts.courier.hand_overs.outcomes["ses", "taken"] == 30)
        assert ses.rates()["asked"]["total"] == 30
        assert set(ses.copies().values()) == {1}
    assert audit(directory).faults.count == 0


async def accept(store, recipients):
    everybody = tuple(Recipient(f"r{n}@example.com") for n in range(recipients))
    news = AcceptMail(Sender("shop@example.com"), everybody, "News", html="<p>News</p>")
    await AcceptMails(store, IdSource(1, now_ms), now_ms).accept(news, key=None)
