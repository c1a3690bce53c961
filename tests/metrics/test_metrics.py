"""What /metrics says is what happened: counted where it happened, and never by what a client makes up."""

import asyncio
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from couvert.domain.refusals import Unavailable
from couvert.domain.user import Person, Role
from couvert.metrics.page import MetricsPage
from couvert.tallies import Histogram, Measure
from tests.api.v1.service import MAIL, ORIGIN
from tests.api.v2.post_office import mail

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


async def read(parts) -> Samples:
    parts.metrics._written_at = float("-inf")
    return parsed(await parts.metrics())


def parsed(page: bytes) -> Samples:
    families = text_string_to_metric_families(page.decode())
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float | None:
    return samples.get((name, frozenset(labels.items())))


async def post_v1(parts, client, email="john@example.com"):
    key = (await parts.keys.create(name="shop", origins=("app.example.com",), expires_at=None)).secret
    body = {**MAIL, "recipients": [{"mail": email}]}
    return await client.post("/v1/mail", json=body, headers={"x-api-key": key, "origin": ORIGIN})


async def test_it_is_open_and_in_prometheus_own_format(client):
    answer = await client.get("/metrics")

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert of(parsed(answer.content), "couvert_gate_open", transport="sandbox") == 1


async def test_a_mail_is_counted_from_its_request_to_its_outcome(parts, client):
    answer = await post_v1(parts, client)
    assert answer.json()["message"] == "Email sent successfully"
    await parts.follower.reached_position(await parts.store.position(), 5)

    samples = await read(parts)

    assert of(samples, "couvert_requests_total", method="POST", route="/v1/mail", status="2xx") == 1
    assert of(samples, "couvert_accept_seconds_count", api="v1") == 1
    assert of(samples, "couvert_attempts_total", transport="sandbox", outcome="taken") == 1
    assert of(samples, "couvert_hand_over_seconds_count", transport="sandbox") == 1
    assert of(samples, "couvert_deliveries", state="sent") == 1
    assert of(samples, "couvert_deliveries", state="queued") == 0
    assert of(samples, "couvert_log_position") == of(samples, "couvert_projection_position") != 0
    assert of(samples, "couvert_projection_lag_events") == 0
    assert (of(samples, "couvert_commit_items_sum") or 0) >= (of(samples, "couvert_commit_seconds_count") or 0) > 0


async def test_a_mail_of_v2_is_accepted_by_v2(parts, client):
    added = await parts.accounts.users.add(email="alice@example.com", role=Role.ADMIN, person=Person("Alice", "Ash"))
    token = await parts.accounts.tokens.create(added.user.id, description="", roles=("api_write",))

    answer = await client.post("/v2/mails", json=mail(), headers={"X-Access-Token": token.secret})

    assert answer.status_code == 202
    samples = await read(parts)
    assert of(samples, "couvert_accept_seconds_count", api="v2") == 1
    assert of(samples, "couvert_accept_seconds_count", api="v1") == 0


async def test_how_an_attempt_ended_is_counted_by_its_class(parts, client):
    for who in ("refused", "throttled", "timeout"):
        await post_v1(parts, client, f"{who}@sandbox.test")

    samples = await read(parts)

    assert [
        of(samples, "couvert_attempts_total", transport="sandbox", outcome=outcome)
        for outcome in ("refused", "later", "unknown", "taken", "withheld")
    ] == [1, 1, 1, 0, 0]


async def test_what_clients_make_up_makes_no_new_series(parts, client):
    for n in range(20):
        await client.get(f"/nowhere/{n}")
        await client.delete(f"/v1/api-key/key-{n}")
        await client.request(f"BREW{n}", "/v1/health")

    routes = {dict(labels)["route"] for (name, labels) in await read(parts) if name == "couvert_requests_total"}
    methods = {dict(labels)["method"] for (name, labels) in await read(parts) if name == "couvert_requests_total"}

    assert routes == {"none", "/v1/api-key/{api_key}", "/v1/health"}
    assert methods == {"GET", "DELETE", "other"}


async def test_requests_that_wait_and_streams_are_counted_while_they_last(parts):
    waiting = asyncio.create_task(parts.follower.reached_position(10**9, 30))
    stream = asyncio.create_task(parts.feed.over())
    await asyncio.sleep(0)
    during = await read(parts)
    for task in (waiting, stream):
        task.cancel()
    await asyncio.gather(waiting, stream, return_exceptions=True)
    after = await read(parts)

    assert [of(each, "couvert_waiting_requests") for each in (during, after)] == [1, 0]
    assert [of(each, "couvert_event_streams") for each in (during, after)] == [1, 0]


async def test_an_unreadable_database_leaves_the_page_readable(parts, client, monkeypatch):
    async def unreadable():
        raise Unavailable("The database cannot be read.")

    monkeypatch.setattr(parts.store, "position", unreadable)
    monkeypatch.setattr(parts.reading, "totals", unreadable)

    assert (await client.get("/metrics")).status_code == 200


# --- The page itself --------------------------------------------------------------------------------------------------


async def nothing():
    """There is nothing to refresh."""


async def test_a_bucket_counts_all_that_is_no_larger_than_its_bound():
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0):
        histogram.observe(value)
    page = MetricsPage([Measure("couvert_x", "histogram", "X.", (), lambda: [((), histogram)])], nothing)

    samples = parsed(await page())

    assert [of(samples, "couvert_x_bucket", le=bound) for bound in ("1.0", "2.0", "+Inf")] == [2, 3, 4]
    assert (of(samples, "couvert_x_count"), of(samples, "couvert_x_sum")) == (4, 12)


async def test_however_often_it_is_asked_for_it_is_written_once_a_second():
    written = 0

    async def refresh():
        nonlocal written
        written += 1

    times = iter((10.0, 10.0, 10.5, 10.9, 11.0, 11.0))
    page = MetricsPage([], refresh, lambda: next(times))
    for _ in range(4):
        await page()

    assert written == 2
