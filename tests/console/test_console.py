"""The console in a browser: set up once, signed in and out, tokens made and revoked, and nobody else's forms."""

import asyncio
import re
from base64 import b64encode
from collections import Counter
from hashlib import sha256

import pytest

from couvert.commands.sessions import GOOD_FOR_MS
from couvert.console.markup import Markup, fill
from couvert.domain.user import Person, Role
from couvert.settings import Settings
from tests.api.v1.service import Service
from tests.console.browser import PASSWORD, Browser

TOKEN = re.compile(r"cvt_[0-9A-Za-z]{36}")


def went_to(answer, place):
    return (answer.status_code, answer.headers.get("location")) == (303, place)


# --- Coming in --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/console"])
async def test_the_root_leads_to_the_console(browser, path):
    assert went_to(await browser.get(path), "/console/")


@pytest.mark.parametrize("path", ["/console/nowhere", "/console/tokens/1/nothing", "/console//", "/console/%00"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_an_address_of_the_console_that_nobody_has_is_told_on_a_page(service, path, method):
    answer = await service.request(method, path)

    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no such page." in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


async def test_a_stranger_is_asked_to_sign_in(browser):
    assert went_to(await browser.get("/console/"), "/console/login")


async def test_the_first_to_follow_the_link_is_the_admin_and_signed_in(browser, service):
    answer = await browser.set_up("alice@example.com")

    (stored,) = await service.store.users()
    assert went_to(answer, "/console/")
    assert (stored.user.email, stored.user.person, stored.user.role) == (
        "alice@example.com", Person("Alice", "Ash"), Role.ADMIN,
    )  # fmt: skip
    assert "Alice Ash · admin" in (await browser.get("/console/")).text


async def test_a_link_works_once(alice, service):
    link = await service.parts.accounts.set_up.new_path()

    answer = await Browser(service).get(link)

    assert answer.status_code == 404
    assert "This set-up link was used" in answer.text


async def test_a_mistake_leaves_the_link_and_what_was_written(browser, service):
    await browser.get(await service.parts.accounts.set_up.new_path())

    wrong = await browser.send("/console/setup", first_name="Al<i>", email="alice@example.com", password="short")
    right = await browser.send("/console/setup", email="alice@example.com", password=PASSWORD)

    assert wrong.status_code == 400
    assert "A password has 8" in wrong.text
    assert 'value="Al&lt;i&gt;"' in wrong.text
    assert "short" not in wrong.text
    assert went_to(right, "/console/")


async def test_who_was_added_chooses_a_password_and_nothing_else(alice, service):
    accounts = service.parts.accounts
    bob = (await accounts.users.add(email="bob@example.com", role=Role.MEMBER)).user
    browser = Browser(service)
    await browser.get(await accounts.set_up.new_path(bob.id))

    answer = await browser.send("/console/setup", email="eve@example.com", first_name="Eve", password=PASSWORD)

    assert went_to(answer, "/console/")
    assert "bob@example.com · member" in (await browser.get("/console/")).text
    assert went_to(await Browser(service).sign_in("bob@example.com"), "/console/")


async def test_who_signs_out_is_out(alice, service):
    session = alice.cookies["couvert_session"]
    await alice.get("/console/")

    answer = await alice.send("/console/logout")

    assert went_to(answer, "/console/login")
    assert "couvert_session" not in alice.cookies
    alice.cookies["couvert_session"] = session
    assert went_to(await alice.get("/console/"), "/console/login")


async def test_a_password_opens_the_console(alice, service):
    browser = Browser(service)

    assert went_to(await browser.sign_in("Alice@example.com"), "/console/")
    assert (await browser.get("/console/")).status_code == 200
    assert went_to(await browser.get("/console/login"), "/console/")


@pytest.mark.parametrize(("email", "password"), [
    ("alice@example.com", "wrong horse"), ("nobody@example.com", PASSWORD), ('"><script>', ""),
])  # fmt: skip
async def test_everybody_else_reads_the_same_sentence(alice, service, email, password):
    answer = await Browser(service).sign_in(email, password)

    assert answer.status_code == 401
    assert "The address or the password is wrong." in answer.text
    assert "<script>" not in answer.text


async def test_a_session_ends_by_itself(alice, service):
    service.clock.now += GOOD_FOR_MS

    assert went_to(await alice.get("/console/"), "/console/login")
    assert went_to(await alice.sign_in("alice@example.com"), "/console/")


async def test_who_is_deleted_is_signed_out(alice, service):
    accounts = service.parts.accounts
    await accounts.users.add(email="carol@example.com", role=Role.ADMIN)
    await accounts.users.delete((await accounts.users.by_email("alice@example.com")).user.user_id)

    assert went_to(await alice.get("/console/"), "/console/login")


async def test_who_guesses_waits(alice, service):
    browser = Browser(service)
    await browser.get("/console/login")
    for _ in range(20):
        await browser.send("/console/login", email="alice@example.com", password="wrong horse")

    answer = await Browser(service).sign_in("alice@example.com")

    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    service.peer = "192.0.2.7"
    assert went_to(await Browser(service).sign_in("alice@example.com"), "/console/")


async def test_a_burst_of_guesses_gets_no_further(alice, service):
    browsers = [Browser(service) for _ in range(40)]

    answers = await asyncio.gather(*[each.sign_in("alice@example.com", "wrong horse") for each in browsers])

    assert Counter(answer.status_code for answer in answers) == {401: 20, 429: 20}


async def test_guessed_links_count_as_guesses(browser, service):
    for n in range(20):
        assert (await browser.get(f"/console/setup?code={n}")).status_code == 404

    assert (await browser.get(await service.parts.accounts.set_up.new_path())).status_code == 429


# --- Tokens -----------------------------------------------------------------------------------------------------------


async def test_a_token_is_made_shown_once_and_works(alice, service):
    await alice.get("/console/")

    made = await alice.send(
        "/console/tokens", description="<b>build</b>", role=["api_read", "api_write"], expires="2030-01-31"
    )

    (secret,) = TOKEN.findall(made.text)
    asked = await service.request("GET", "/v2/user", headers={"X-Access-Token": secret})
    again = await alice.get("/console/")
    assert asked.json()["data"]["email"] == "alice@example.com"
    assert TOKEN.findall(again.text) == []
    assert "&lt;b&gt;build&lt;/b&gt;" in again.text
    assert "api_read, api_write" in again.text
    assert "2030-01-31 00:00" in again.text


@pytest.mark.parametrize(("fields", "words"), [
    ({}, "roles is empty"),
    ({"role": "api_all"}, "roles is empty"),
    ({"role": "api_read", "expires": "2020-01-01"}, "in the past"),
    ({"role": "api_read", "expires": "soon"}, "2027-01-31"),
    ({"role": "api_read", "description": "x" * 201}, "description"),
])  # fmt: skip
async def test_what_is_wrong_about_a_token_is_said_on_the_page(alice, service, fields, words):
    await alice.get("/console/")

    answer = await alice.send("/console/tokens", **fields)

    assert answer.status_code == 400
    assert words in answer.text
    assert TOKEN.findall(answer.text) == []


async def test_who_may_only_read_is_offered_nothing_else(alice, service):
    accounts = service.parts.accounts
    await accounts.users.add(email="rita@example.com", role=Role.READONLY, password=PASSWORD)
    rita = Browser(service)
    await rita.sign_in("rita@example.com")

    page = await rita.get("/console/")

    assert "api_read" in page.text
    assert "api_write" not in page.text
    assert "cannot have the role api_write" in (await rita.send("/console/tokens", role="api_write")).text


async def test_a_token_is_revoked_at_once(alice, service):
    await alice.get("/console/")
    made = await alice.send("/console/tokens", role="api_read")
    (secret,) = TOKEN.findall(made.text)
    (revoke,) = re.findall(r'action="(/console/tokens/[^"]+/revoke)"', made.text)

    assert went_to(await alice.send(revoke), "/console/")

    asked = await service.request("GET", "/v2/user", headers={"X-Access-Token": secret})
    assert asked.json()["error"]["errors"][0]["reason"] == "token_revoked"


async def test_somebody_elses_token_is_not_there(alice, service):
    accounts = service.parts.accounts
    bob = (await accounts.users.add(email="bob@example.com", role=Role.MEMBER)).user
    token = (await accounts.tokens.create(bob.id, description="", roles=["api_read"])).token
    await alice.get("/console/")
    csrf = re.findall(r'name="csrf" value="(\w+)"', alice.page.text)[0]

    answer = await alice.post(f"/console/tokens/{token.token_id}/revoke", csrf=csrf)

    assert answer.status_code == 404
    assert len(await accounts.tokens.of(bob.id)) == 1


# --- What keeps others out --------------------------------------------------------------------------------------------

FORMS = ["/console/login", "/console/logout", "/console/setup", "/console/tokens", "/console/tokens/x/revoke"]


@pytest.mark.parametrize("path", FORMS)
@pytest.mark.parametrize("csrf", ["", "0" * 64, "ü"])
async def test_a_form_that_is_not_ours_does_nothing(alice, service, path, csrf):
    position = await service.store.position()

    answer = await alice.post(path, csrf=csrf, role="api_read")

    assert answer.status_code == 403
    assert await service.store.position() == position
    assert (await alice.get("/console/")).status_code == 200


async def test_a_form_is_of_one_browser(alice, service):
    await alice.get("/console/")
    csrf = re.findall(r'name="csrf" value="(\w+)"', alice.page.text)[0]
    stranger = Browser(service)
    await stranger.get("/console/login")

    answer = await stranger.post("/console/login", csrf=csrf, email="alice@example.com", password=PASSWORD)

    assert answer.status_code == 403


@pytest.mark.parametrize("body", [b"x" * 40_000, b"&".join(b"a=1" for _ in range(30))])
async def test_a_form_that_is_too_long_is_not_read(alice, body):
    answer = await alice.service.request("POST", "/console/login", content=body)

    assert answer.status_code == 413


async def test_a_form_is_only_sent(alice):
    answer = await alice.get("/console/logout")

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")


@pytest.mark.parametrize("path", ["/console/", "/console/login", "/console/setup?code=x", "/console/logout"])
async def test_every_page_keeps_scripts_frames_and_other_sites_out(browser, path):
    answer = await browser.get(path)

    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "script" not in policy + answer.text
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    assert answer.headers["Cache-Control"] == "no-store"


async def test_the_style_is_the_one_that_the_policy_lets_in(browser):
    answer = await browser.get("/console/login")

    (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    digest = b64encode(sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


async def test_cookies_are_for_nobody_but_us(browser, service):
    await browser.set_up("alice@example.com")

    (cookie,) = [each for each in browser.page.headers.get_list("set-cookie") if "couvert_session" in each]

    assert {"HttpOnly", "SameSite=lax", "Path=/console"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert browser.cookies["couvert_session"] not in "".join(map(str, await service.store.users()))


async def test_cookies_are_secure_where_the_service_is(tmp_path):
    settings = Settings(_env_file=None, data_dir=tmp_path, public_url="https://mail.example.com")
    service = Service(tmp_path / "secure", settings)

    page = await Browser(service).get("/console/login")

    assert "Secure" in page.headers["set-cookie"]
    await service.close()


def test_whatever_is_filled_in_is_escaped_unless_it_is_markup():
    filled = fill('<a href="{to}">{text}</a>{more}', to='"><script>', text="{to} & co", more=Markup("<br>"))

    assert filled == '<a href="&quot;&gt;&lt;script&gt;">{to} &amp; co</a><br>'
