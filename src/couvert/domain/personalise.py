"""Which variables a mail's templates may use, and what each stands for, recipient by recipient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Final

from couvert.domain.mail import Recipient, Sender
from couvert.domain.refusals import RuleBroken
from couvert.domain.template import QUOTED_AT_MOST, Template, TemplateFault, compile_template

BUILT_IN: Final = frozenset({
    "name", "mail", "company", "recipient_name", "recipient_email", "recipient_company",
    "sender_name", "sender_email", "sender_organisation_name",
})  # fmt: skip
"""The names of /v1 and of its queue; they cannot be redefined."""
MOST_LISTED: Final = 20
"""Recipients that a fault names, and variables: the rest is only said to exist. Looking for all of them would take
templates times recipients, a minute for one hostile request."""


def check(
    sources: Mapping[str, str | None], variables: Mapping[str, str], recipients: Sequence[Recipient]
) -> dict[str, Template]:
    """The compiled templates, by field; `RuleBroken` names every variable that some recipient could not have filled."""
    templates = {field: compiled(field, source) for field, source in sources.items() if source is not None}
    for defined in (variables, *(r.variables for r in recipients if r.variables)):
        if taken := BUILT_IN & defined.keys():
            name = min(taken)
            raise RuleBroken(f'The variable "{name}" is built in and cannot be redefined; choose another name.')
    known = BUILT_IN | variables.keys()
    faults = chain.from_iterable(
        _faults(field, sorted(template.names - known), recipients)
        for field, template in templates.items()
        if not template.names <= known
    )
    if listed := list(islice(faults, MOST_LISTED)):
        raise RuleBroken(" ".join([*listed, "There are more."] if next(faults, None) else listed))
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


def _faults(field: str, names: Iterable[str], recipients: Sequence[Recipient]) -> Iterator[str]:
    for name in names:
        emails = [r.email for r in recipients if not r.variables or name not in r.variables]
        if emails:
            yield _sentence(field, name, emails, len(recipients))


def _sentence(field: str, name: str, emails: Sequence[str], recipients: int) -> str:
    shown = name if len(name) <= QUOTED_AT_MOST else name[: QUOTED_AT_MOST - 1] + "…"
    used = f'{field} uses the variable "{shown}", which '
    if len(emails) == recipients:
        return used + "does not exist."
    more = f" and {len(emails) - MOST_LISTED} more" if len(emails) > MOST_LISTED else ""
    return used + f"is missing for {', '.join(emails[:MOST_LISTED])}{more}."
