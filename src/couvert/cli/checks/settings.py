"""Settings that are allowed, and perhaps not meant: judged by themselves, without a look at anything else."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from couvert.domain.finding import Finding, note, well, wrong
from couvert.settings import Settings

if TYPE_CHECKING:
    from couvert.wiring import Parts


async def settings(parts: Parts) -> Sequence[Finding]:
    return suspicions(parts.settings) or [well("settings", "nothing about them is suspicious")]


def suspicions(of: Settings) -> list[Finding]:
    found = []
    is_public, is_sandbox = of.public_url is not None, of.transport == "sandbox"
    if of.v1_key_management == "public" and (is_public or not is_sandbox):
        sentence = "anybody who reaches /v1/api-key can make a key and send mail"
        found.append(wrong("settings", f"{sentence}: remove COUVERT_V1_KEY_MANAGEMENT=public"))
    if is_sandbox and is_public:
        sentence = f"others use {of.public_url}, but their mail is kept in the sandbox and reaches nobody"
        found.append(wrong("settings", f"{sentence}: set COUVERT_TRANSPORT"))
    if of.public_url is not None and of.public_url.startswith("http://"):
        found.append(note("settings", "COUVERT_PUBLIC_URL is not https: passwords and tokens can be read on the way"))
    if is_public and not of.trusted_proxies:
        sentence = "COUVERT_TRUSTED_PROXIES names none: behind a proxy all clients count as one address"
        found.append(note("settings", sentence))
    if of.projection_delay_ms:
        found.append(note("settings", "COUVERT_PROJECTION_DELAY_MS is for tests: lists are late by it"))
    return found
