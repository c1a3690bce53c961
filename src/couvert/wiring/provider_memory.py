"""By what mail left a data directory last, so that a setting that was forgotten does not end mail in the sandbox."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final

from couvert.settings import Settings, WrongSetting

REMEMBERED: Final = "transport"
SANDBOX: Final = "sandbox"


def refuse_forgotten(settings: Settings) -> None:
    """For who is about to deliver. Raises `WrongSetting` if mail left by a provider, and now nothing says by what."""
    if (fault := forgotten(settings)) is not None:
        raise WrongSetting(fault)


def remember_provider(settings: Settings) -> None:
    """Once the parts are open: a transport that is none has stopped the start by then."""
    with suppress(OSError):  # A full disk is no reason not to deliver.
        (settings.data_dir / REMEMBERED).write_text(f"{kind_of(settings)}\n")


def forgotten(settings: Settings) -> str | None:
    """What is wrong, and what to do; None if the settings say by what mail is to leave, or never had to."""
    last = last_provider(settings.data_dir)
    if last in {None, SANDBOX} or "transport" in settings.model_fields_set:
        return None
    return (
        f"COUVERT_TRANSPORT is not set, and mail left {settings.data_dir} by {last}: set it as it was; "
        "or to sandbox, if mail is to be kept here and reach nobody"
    )


def last_provider(directory: Path) -> str | None:
    """`ses`, `smtp` or `sandbox`; None if nothing was ever delivered from there."""
    try:
        return (directory / REMEMBERED).read_text().strip() or None
    except OSError:
        return None


def kind_of(settings: Settings) -> str:
    kind = settings.transport.partition(":")[0]
    return "smtp" if kind == "smtps" else kind
