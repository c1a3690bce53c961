"""Alive is not ready: the log, the read models and the queue have to be within their bounds."""

from couvert.api.v2 import health


async def test_a_service_that_keeps_up_is_ready(room):
    await room.post()

    answer = await room.get("/v2/health/ready")

    assert answer.status_code == 200
    assert answer.json()["data"] == {"status": "ok", "lastEventId": "1", "overdueSeconds": 0.0}
    assert answer.headers["X-RateLimit-Exempt"] == "yes"


async def test_nobody_needs_a_token_to_ask(room):
    assert (await room.get("/v2/health/ready", token="nobody")).status_code == 200
    assert (await room.get("/v2/health", token="nobody")).status_code == 200


async def test_read_models_that_lag_behind_are_not_ready(room, monkeypatch):
    monkeypatch.setattr(health, "MODELS_SECONDS", 0.05)
    room.follower.stop()
    await room.post()

    answer = await room.get("/v2/health/ready", position="0")

    assert answer.status_code == 503
    assert answer.json()["error"]["errors"] == [
        {"reason": "unavailable", "message": "the read models have not reached event 1"}
    ]
    assert "Retry-After" in answer.headers
    assert (await room.get("/v2/health", position="0")).status_code == 200


async def test_a_delivery_that_nobody_takes_up_is_told(room):
    await room.post()
    room.world.now += health.LATE_MS + 60_000

    answer = await room.get("/v2/health/ready")

    assert answer.status_code == 503
    assert "due for 61 minutes" in answer.json()["error"]["errors"][0]["message"]


async def test_a_log_that_takes_nothing_is_told(room):
    await room.world.store.close()

    answer = await room.get("/v2/health/ready", token="nobody", position="0")

    assert answer.status_code == 503
