"""Which variables a mail's templates may use, and what each stands for, recipient by recipient."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from itertools import islice
from typing import Final

from couvert.domain.mail import Recipient, Sender
from couvert.domain.names import BUILT_IN, OF_V1
from couvert.domain.refusals import Fault, refuse
from couvert.domain.template import QUOTED_AT_MOST, Template, TemplateFault, compile_template

MOST_LISTED: Final = 20
"""Recipients that a fault names, and variables: the rest is only said to exist. Looking for all of them would take
templates times recipients, a minute for one hostile request."""


def check(
    sources: Mapping[str, str | None], variables: Mapping[str, str], recipients: Sequence[Recipient]
) -> dict[str, Template]:
    """The compiled templates, by field; `RuleBroken` names every variable that some recipient could not have filled."""
    templates, faults = checked(sources, variables, recipients)
    refuse(faults)
    return templates


def checked(
    sources: Mapping[str, str | None],
    variables: Mapping[str, str],
    recipients: Sequence[Recipient],
    built_in: Set[str] = BUILT_IN,
) -> tuple[dict[str, Template], list[Fault]]:
    """The templates that could be compiled, and all that is wrong. `built_in`: the names that these templates know."""
    templates: dict[str, Template] = {}
    faults: list[Fault] = []
    for field, source in sources.items():
        template = compiled(field, source) if source is not None else None
        if isinstance(template, Template):
            templates[field] = template
        elif template is not None:
            faults.append(template)
    faults += islice(_redefined(variables, recipients), MOST_LISTED)
    missing = _missing(templates, built_in | variables.keys(), recipients, is_definable=built_in != OF_V1)
    faults += islice(missing, MOST_LISTED)
    if next(missing, None) is not None:
        faults.append(Fault("variables", "are missing in more places."))
    return templates, faults


def missing(
    sources: Mapping[str, str | None], variables: Mapping[str, str], recipients: Sequence[Recipient], built_in: Set[str]
) -> list[str]:
    """The names that templates use and some of these recipients lack, in order of the alphabet."""
    templates = [compiled(field, source) for field, source in sources.items() if source is not None]
    used = frozenset[str]().union(*[each.names for each in templates if isinstance(each, Template)])
    lacking = used - built_in - variables.keys()
    return sorted(name for name in lacking if any(name not in (r.variables or {}) for r in recipients))


def compiled(field: str, source: str) -> Template | Fault:
    """The template; a fault quotes what stands between braces and is no variable's name."""
    try:
        return compile_template(source)
    except TemplateFault as fault:
        return Fault(
            field,
            f'has "{{{{{fault.quoted}}}}}", which is not a variable\'s name. Variables are written as '
            "{{name}}: letters, digits and underscores.",
        )


def common_values(sender: Sender, variables: Mapping[str, str]) -> dict[str, str]:
    """What is the same for every recipient of a mail."""
    return {
        **variables,
        "sender_name": sender.name or "",
        "sender_email": sender.email,
        "sender_organisation_name": sender.organisation_name or "",
        "senderName": sender.name or "",
        "senderEmail": sender.email,
        "senderOrganisationName": sender.organisation_name or "",
    }


def values(common: Mapping[str, str], recipient: Recipient) -> dict[str, str]:
    """Everything a template of this mail may use for this recipient; what is missing is nothing."""
    name, company = recipient.name or "", recipient.company or ""
    return {
        **common,
        **(recipient.variables or {}),
        "name": name,
        "mail": recipient.email,
        "email": recipient.email,
        "company": company,
        "recipient_name": name,
        "recipient_email": recipient.email,
        "recipient_company": company,
    }


def _redefined(variables: Mapping[str, str], recipients: Sequence[Recipient]) -> Iterator[Fault]:
    for name in sorted(BUILT_IN & variables.keys()):
        yield Fault(f"variables.{name}", "is built in and cannot be redefined; choose another name.")
    for n, recipient in enumerate(recipients):
        if recipient.variables and not BUILT_IN.isdisjoint(recipient.variables):
            for name in sorted(BUILT_IN & recipient.variables.keys()):
                path = f"recipients.{n}.variables.{name}"
                yield Fault(path, "is built in and cannot be redefined; choose another name.")


def _missing(
    templates: Mapping[str, Template], known: Set[str], recipients: Sequence[Recipient], *, is_definable: bool
) -> Iterator[Fault]:
    """`is_definable`: whether these mails can bring variables of their own."""
    for field, template in templates.items():
        for name in sorted(template.names - known):
            emails = [r.email for r in recipients if not r.variables or name not in r.variables]
            if emails:
                yield Fault(field, _words(name, emails if is_definable else ()))


def _words(name: str, emails: Sequence[str]) -> str:
    shown = name if len(name) <= QUOTED_AT_MOST else name[: QUOTED_AT_MOST - 1] + "…"
    used = f'uses the variable "{shown}", which '
    if not emails:
        return used + "does not exist."
    more = f" and {len(emails) - MOST_LISTED:,} more" if len(emails) > MOST_LISTED else ""
    return used + f"is missing for {', '.join(emails[:MOST_LISTED])}{more}."
