"""Which variables a mail's templates may use, and what each stands for, recipient by recipient."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from couvert.domain.mail import Recipient, Sender
from couvert.domain.refusals import RuleBroken
from couvert.domain.template import Template, TemplateFault, compile_template

BUILT_IN: Final = frozenset({
    "name", "mail", "company", "recipient_name", "recipient_email", "recipient_company",
    "sender_name", "sender_email", "sender_organisation_name",
})  # fmt: skip
"""The names of /v1 and of its queue; they cannot be redefined."""
MOST_LISTED: Final = 20


def check(
    sources: Mapping[str, str | None], variables: Mapping[str, str], recipients: Sequence[Recipient]
) -> dict[str, Template]:
    """The compiled templates, by field; `RuleBroken` names every variable that some recipient could not have filled."""
    templates = {field: compiled(field, source) for field, source in sources.items() if source is not None}
    for name in (*variables, *(name for r in recipients if r.variables for name in r.variables)):
        if name in BUILT_IN:
            raise RuleBroken(f'The variable "{name}" is built in and cannot be redefined; choose another name.')
    known = BUILT_IN | variables.keys()
    for field, template in templates.items():
        own = sorted(template.names - known)
        absent = [(r.email, name) for name in own for r in recipients if name not in (r.variables or {})]
        if absent:
            raise RuleBroken(_absence(field, absent, len(recipients)))
    return templates


def compiled(field: str, source: str) -> Template:
    """The template; `RuleBroken` quotes what stands between braces and is no variable's name."""
    try:
        return compile_template(source)
    except TemplateFault as fault:
        raise RuleBroken(
            f'{field} has "{{{{{fault.quoted}}}}}", which is not a variable\'s name. Variables are written as '
            "{{name}}: letters, digits and underscores."
        ) from None


def common_values(sender: Sender, variables: Mapping[str, str]) -> dict[str, str]:
    """What is the same for every recipient of a mail."""
    return {
        **variables,
        "sender_name": sender.name or "",
        "sender_email": sender.email,
        "sender_organisation_name": sender.organisation_name or "",
    }


def values(common: Mapping[str, str], recipient: Recipient) -> dict[str, str]:
    """Everything a template of this mail may use for this recipient; what is missing is nothing."""
    name, company = recipient.name or "", recipient.company or ""
    return {
        **common,
        **(recipient.variables or {}),
        "name": name,
        "mail": recipient.email,
        "company": company,
        "recipient_name": name,
        "recipient_email": recipient.email,
        "recipient_company": company,
    }


def _absence(field: str, absent: Iterable[tuple[str, str]], recipients: int) -> str:
    missing: dict[str, list[str]] = {}
    for email, name in absent:
        missing.setdefault(name, []).append(email)
    return " ".join(_sentence(field, name, emails, recipients) for name, emails in missing.items())


def _sentence(field: str, name: str, emails: Sequence[str], recipients: int) -> str:
    used = f'{field} uses the variable "{name}", which '
    if len(emails) == recipients:
        return used + "does not exist."
    more = f" and {len(emails) - MOST_LISTED} more" if len(emails) > MOST_LISTED else ""
    return used + f"is missing for {', '.join(emails[:MOST_LISTED])}{more}."
