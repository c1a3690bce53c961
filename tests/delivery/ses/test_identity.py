"""Whose schedule is kept: an account's in a region, whichever of its keys is used."""

import pytest
from hypothesis import given, strategies as st
from moto.iam.utils import generate_access_key_id_from_account_id

from couvert.delivery import aws_keys
from couvert.delivery.transport import Unreachable
from couvert.delivery.transports.ses import SesAccount, ses_from_url
from couvert.delivery.transports.ses.identity import account_of
from couvert.domain.pace import AccountLimits
from couvert.simulator.testing import simulated_ses
from tests.delivery.ses.handing import KEYS

ACCOUNTS = st.integers(0, 999_999_999_999).map("{:012}".format)


@given(ACCOUNTS, st.sampled_from(["AKIA", "ASIA"]))
def test_every_key_of_an_account_names_it(account, kind):
    assert account_of(generate_access_key_id_from_account_id(account, kind)) == account


def test_a_key_that_is_known_to_the_world_names_its_account():
    assert account_of("ASIAQNZGKIQY56JQ7WML") == "029608264753"


@given(st.one_of(st.text(max_size=24), st.from_regex("AKIA[IJ][A-Z2-7]{15}", fullmatch=True)))
def test_an_older_key_or_none_at_all_is_something_of_its_own(key):
    assert account_of(key).startswith("key-")
    assert account_of(key) != account_of(f"{key}A")


async def named(monkeypatch, url="ses://us-east-1", **environment):
    for name, value in (KEYS | environment).items():
        monkeypatch.setenv(name, value)
    return await SesAccount(ses_from_url(url, "http://127.0.0.1:9"), AccountLimits(14)).name()


async def test_two_accounts_in_a_region_keep_two_schedules_and_two_keys_of_one_keep_one(monkeypatch):
    keys = [generate_access_key_id_from_account_id(each, "AKIA") for each in ("111111111111",) * 2 + ("222222222222",)]
    first, second, other = [await named(monkeypatch, AWS_ACCESS_KEY_ID=key) for key in keys]
    assert (first, other) == ("ses:us-east-1:111111111111", "ses:us-east-1:222222222222")
    assert second == first


async def test_an_account_has_a_schedule_in_each_region(monkeypatch):
    assert await named(monkeypatch) != await named(monkeypatch, "ses://eu-central-1")


@pytest.mark.parametrize("missing", ["AWS_ACCESS_KEY_ID"])
async def test_without_credentials_there_is_a_name_for_now(monkeypatch, missing):
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv(missing)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    account = SesAccount(ses_from_url("ses://us-east-1", "http://127.0.0.1:9"), AccountLimits(14))
    assert await account.name() == "ses:us-east-1"
    monkeypatch.setenv(missing, KEYS[missing])
    assert (await account.name()).startswith("ses:us-east-1:")


@pytest.fixture
def file(monkeypatch, tmp_path):
    """Where credentials stand, and nowhere else; looked into each time."""
    file = tmp_path / "credentials"
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY", raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setattr(aws_keys, "LOOK_SECONDS", 0.0)
    return file


async def test_credentials_that_somebody_replaces_in_their_file_are_used_and_may_be_another_accounts(file):
    account = SesAccount(ses_from_url("ses://us-east-1", "http://127.0.0.1:9"), AccountLimits(14))
    for number in ("111111111111", "222222222222"):
        key = generate_access_key_id_from_account_id(number, "AKIA")
        file.write_text(f"[default]\naws_access_key_id = {key}\naws_secret_access_key = secret\n")
        assert (await account.signer()).keys.access_key == key
        assert await account.name() == f"ses:us-east-1:{number}"
        asks_with = account._client._request_signer._credentials
        assert asks_with.access_key == key, "the same that are asked what the account may send"

    same = await account.signer()
    assert await account.signer() is same


async def test_credentials_that_were_missing_for_a_moment_are_asked_with_too(file):
    account = SesAccount(ses_from_url("ses://us-east-1", "http://127.0.0.1:9"), AccountLimits(14))
    with pytest.raises(Unreachable, match="Unable to locate credentials"):
        await account.signer()
    file.write_text("[default]\naws_access_key_id = AKIALATE\naws_secret_access_key = secret\n")

    await account.signer()
    with pytest.raises(Unreachable, match="Could not connect"):
        await account.limits()


@pytest.mark.parametrize("setting", [
    {"AWS_ENDPOINT_URL": "localhost:4579"},
    {"AWS_ENDPOINT_URL": "http://127.0.0.1:99999"},
    {"AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/x", "AWS_WEB_IDENTITY_TOKEN_FILE": "nowhere"},
    {"AWS_PROFILE": "refused"},
    {"AWS_PROFILE": "talks"},
    {"AWS_PROFILE": "gone"},
    {"AWS_PROFILE": "nobody"},
])  # fmt: skip
async def test_whatever_keeps_credentials_from_being_had_is_said_and_nothing_is_sent(monkeypatch, tmp_path, setting):
    config = tmp_path / "config"
    config.write_text(
        "[profile refused]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = keys\n"
        "[profile keys]\naws_access_key_id = any\naws_secret_access_key = any\n"
        "[profile talks]\ncredential_process = /bin/echo hello\n"
        "[profile gone]\ncredential_process = /nowhere/program\n"
    )
    with simulated_ses() as ses:
        for name, value in (KEYS | {"AWS_CONFIG_FILE": str(config), "AWS_ENDPOINT_URL": ses.url} | setting).items():
            monkeypatch.setenv(name, value)
        if "AWS_ENDPOINT_URL" not in setting:
            monkeypatch.delenv("AWS_ACCESS_KEY_ID")  # it would win
        account = SesAccount(ses_from_url("ses://us-east-1", None), AccountLimits(14))

        with pytest.raises(Unreachable):
            await account.signer()
        assert await account.name() == "ses:us-east-1"
