"""Who may: which key from which origin, and who may make keys. What is refused is refused before a body is read."""

import pytest

from couvert.commands.keys import Keys
from couvert.domain.user import Role
from tests.api.v1.service import ORIGIN, Service

CREATE = {"name": "My API Key", "origin_names": []}


# --- Sending ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("app.example.com", "https://app.example.com"),
        ("app.example.com", "http://APP.example.com:8080"),
        ("app.example.com", "app.example.com"),
        ("app.example.com:8443", "https://app.example.com:8443"),
        ("app.example.com:443", "https://app.example.com"),
        ("*.example.com", "https://deep.down.example.com"),
    ],
)
async def test_an_origin_is_compared_by_host(service, name, origin):
    key = await service.new_key(name)

    assert (await service.post_mail(key, origin=origin)).status_code == 200


@pytest.mark.parametrize(
    ("name", "origin"),
    [
        ("app.example.com", "https://example.com"),
        ("app.example.com", "https://app.example.com.evil.example"),
        ("app.example.com", "https://evilapp.example.com"),
        ("app.example.com:8443", "https://app.example.com"),
        ("*.example.com", "https://example.com"),
        ("app.example.com", "null"),
        ("app.example.com", "https://app.example.com@evil.example"),
        ("app.example.com", ""),
        ("app.example.com", "://"),
    ],
)
async def test_an_origin_that_is_not_named_is_turned_away(service, name, origin):
    key = await service.new_key(name)

    answer = await service.post_mail(key, origin=origin)

    assert answer.status_code == 401
    assert answer.json()["message"].startswith("Unauthorized - ")


async def test_a_bad_key_with_a_bad_body_is_a_bad_key(service):
    answer = await service.post_mail("ak_nobodys", content=b"{", headers={"Content-Type": "text/plain"})

    assert answer.status_code == 401


async def test_a_body_is_not_read_for_a_stranger(service):
    read = []

    async def body():
        read.append(1)
        yield b"x" * 1_000_000

    await service.request("POST", "/v1/mail", headers={"x-api-key": "ak_nobodys", "origin": ORIGIN}, content=body())
    await service.request("POST", "/v1/mail", headers={"origin": ORIGIN}, content=body())

    assert read == []


@pytest.mark.parametrize("key", ["\u00e9", "ak_" + "x" * 60_000, "' or 1=1 --", "%00"])
async def test_an_odd_key_is_just_an_unknown_one(service, key):
    assert (await service.post_mail(key.encode("latin-1"))).status_code == 401


# --- Managing keys ----------------------------------------------------------------------------------------------------


async def manage(service: Service, *, host: str = "localhost:8000", headers: dict[str, str] | None = None) -> int:
    given = {"host": host, **(headers or {})}
    return (await service.request("POST", "/v1/api-key", json=CREATE, headers=given)).status_code


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "LOCALHOST", "127.0.0.1:8000", "127.1.2.3", "[::1]", "[::1]:8000"]
)
async def test_by_itself_this_machine_manages_keys_of_the_sandbox(service, host):
    assert await manage(service, host=host) == 200


@pytest.mark.parametrize("peer", ["::1", "127.0.0.1", "::ffff:127.0.0.1"])
async def test_loopback_has_several_names(service, peer):
    service.peer = peer

    assert await manage(service) == 200


@pytest.mark.parametrize(
    "host", ["mail.example.com", "localhost.evil.example", "127.0.0.1.evil.example", "0.0.0.0:8000", "", "10.0.0.1"]
)
async def test_not_under_a_name_that_leads_here_from_elsewhere(service, host):
    assert await manage(service, host=host) == 401


@pytest.mark.parametrize("peer", ["10.0.0.7", "::ffff:10.0.0.7", "2001:db8::1", "somewhere", ""])
async def test_not_from_another_machine(service, peer):
    service.peer = peer

    assert await manage(service) == 401


@pytest.mark.parametrize(
    "header",
    [
        "Forwarded",
        "X-Forwarded-For",
        "X-Forwarded-Host",
        "X-Forwarded-Proto",
        "X-Real-IP",
        "Via",
        "x-forwarded-anything",
    ],
)
async def test_not_through_a_proxy(service, header):
    assert await manage(service, headers={header: "127.0.0.1"}) == 401


async def test_not_by_a_page_that_somebody_here_looks_at(service):
    assert await manage(service, headers={"Origin": "https://evil.example"}) == 401


@pytest.mark.parametrize("origin", ["http://localhost:4321", "http://127.0.0.1:8000"])
async def test_by_a_page_that_is_served_here(service, origin):
    assert await manage(service, headers={"Origin": origin}) == 200


@pytest.mark.parametrize(
    "setting",
    [
        {"transport": "smtp://relay.example.com"},
        {"public_url": "https://mail.example.com"},
        {"v1_key_management": "token"},
    ],
)
async def test_not_where_mail_could_really_be_sent(open_service, setting):
    assert await manage(open_service(**setting)) == 401


async def test_public_is_public(open_service):
    service = open_service(v1_key_management="public", transport="smtp://relay.example.com")
    service.peer = "10.0.0.7"

    assert await manage(service, host="mail.example.com", headers={"X-Forwarded-For": "10.0.0.8"}) == 200


@pytest.mark.parametrize(("method", "path"), [("POST", ""), ("DELETE", "/ak_nobodys"), ("POST", "/ak_nobodys/origins")])
async def test_all_of_key_management_is_closed_alike(open_service, method, path):
    service = open_service(v1_key_management="token")

    missing = await service.request(method, f"/v1/api-key{path}", headers={"Authorization": "Basic anything"})
    wrong = await service.request(method, f"/v1/api-key{path}", headers={"Authorization": "Bearer anything"})

    assert missing.status_code == wrong.status_code == 401
    assert missing.json()["message"].startswith("Unauthorized - managing API keys takes an API token")
    assert wrong.json()["message"] == "Unauthorized - This is no valid API token."


@pytest.fixture
async def guarded(open_service):
    """Where keys are managed with tokens alone, from anywhere."""
    service = open_service(v1_key_management="token", transport="smtp://relay.example.com")
    service.peer = "10.0.0.7"
    return service


async def new_token(service, *roles, **given):
    accounts = service.parts.accounts
    owner = await accounts.users.by_email("bob@example.com")
    user = owner.user if owner else (await accounts.users.add(email="bob@example.com", role=Role.MEMBER)).user
    return await accounts.tokens.create(user.id, description="", roles=roles, **given)


@pytest.mark.parametrize("header", ["X-Access-Token: {}", "Authorization: Bearer {}", "authorization: bearer  {}"])
async def test_a_token_that_may_write_manages_keys(guarded, header):
    token = await new_token(guarded, "api_write")
    name, _, value = header.format(token.secret).partition(": ")

    assert await manage(guarded, headers={name: value}) == 200


async def test_a_token_that_may_only_read_does_not(guarded):
    token = await new_token(guarded, "api_read")

    answer = await guarded.request("POST", "/v1/api-key", json=CREATE, headers={"X-Access-Token": token.secret})

    assert answer.status_code == 401
    assert answer.json() == {"status": 401, "message": "Unauthorized - this API token lacks the role api_write"}


async def test_nor_one_that_was_revoked_or_has_expired(guarded):
    revoked = await new_token(guarded, "api_write")
    expired = await new_token(guarded, "api_write", expires_at=guarded.clock.now + 1)
    await guarded.parts.accounts.tokens.revoke_anybodys(revoked.secret)
    guarded.clock.now += 1

    assert await manage(guarded, headers={"X-Access-Token": revoked.secret}) == 401
    assert await manage(guarded, headers={"X-Access-Token": expired.secret}) == 401


async def test_of_two_tokens_nobody_knows_which_was_meant(guarded):
    token = await new_token(guarded, "api_write")

    assert await manage(guarded, headers={"X-Access-Token": token.secret, "Authorization": "Bearer other"}) == 401


# --- A key that is remembered -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("changes", [{}, {"subject": 5}, {"html_template": "{{ nobody }}"}])
async def test_a_key_that_another_process_deleted_is_refused_whatever_else_is_wrong(service, key, changes):
    assert (await service.post_mail(key)).status_code == 200
    await Keys(service.store, service.parts.keys.ids, service.clock).delete(key)

    answer = await service.post_mail(key, **changes)

    assert answer.status_code == 401
    assert answer.json()["message"] == "Unauthorized - API key is inactive"


async def test_an_origin_that_another_process_added_is_good_at_once(service, key):
    assert (await service.post_mail(key, origin="https://new.example.com")).status_code == 401
    await Keys(service.store, service.parts.keys.ids, service.clock).add_origins(key, ["new.example.com"])

    assert (await service.post_mail(key, origin="https://new.example.com")).status_code == 200
