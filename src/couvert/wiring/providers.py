"""Who takes the mail: the sandbox, a relay, or Amazon SES, and whose pace is kept."""

from __future__ import annotations

import importlib.util

from couvert.commands.notices import Notices
from couvert.commands.sandbox import SandboxMailroom
from couvert.delivery.account import Account, FixedAccount
from couvert.delivery.transport import Transport
from couvert.domain.pace import AccountLimits
from couvert.settings import Settings, WrongSetting
from couvert.store.port import Store
from couvert.wiring.clocks import now_ms


def provider_of(settings: Settings, store: Store, notices: Notices) -> tuple[Transport, Account | None]:
    """The transport, and whose pace it keeps. Raises `WrongSetting` with the words of whoever read the address."""
    if settings.transport == "sandbox":
        from couvert.delivery.transports.sandbox import SandboxTransport

        return SandboxTransport(SandboxMailroom(store, notices, now_ms)), None
    try:
        return _ses(settings) if settings.transport.startswith("ses:") else _smtp(settings)
    except ValueError as error:
        raise WrongSetting(f"COUVERT_TRANSPORT: {error}") from None


def _smtp(settings: Settings) -> tuple[Transport, Account | None]:
    from couvert.delivery.transports.smtp import SmtpTransport, relay_from_url

    relay = relay_from_url(settings.transport)
    account = FixedAccount(relay.account, relay.limits) if relay.limits is not None else None
    return SmtpTransport(relay), account


def _ses(settings: Settings) -> tuple[Transport, Account | None]:
    if importlib.util.find_spec("boto3") is None:
        raise WrongSetting("COUVERT_TRANSPORT: install couvert with its extra `aws`: README, Amazon SES")
    from couvert.delivery.transports.ses import SesAccount, SesTransport, ses_from_url

    options = ses_from_url(settings.transport, settings.aws_endpoint_url)
    account = SesAccount(options, AccountLimits(settings.ses_rate))
    return SesTransport(account, options), account
