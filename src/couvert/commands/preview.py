"""What a mail's first recipient would read: rendered as the courier does it, and nothing is kept or sent."""

from __future__ import annotations

from typing import NamedTuple

from couvert.commands import checks
from couvert.delivery.text import text_of
from couvert.domain import personalise
from couvert.domain.mail import AcceptMail
from couvert.domain.refusals import refuse
from couvert.domain.template import compile_template


class Preview(NamedTuple):
    subject: str
    html: str | None
    text: str
    missing: list[str]
    """Variables that the templates use and this recipient lacks, by name; in the preview they are nothing."""


def preview(command: AcceptMail, now: int) -> Preview:
    """Raises `RuleBroken` for whatever else is wrong with the mail, as accepting it would."""
    first = command._replace(recipients=command.recipients[:1])
    sources = {"subject": first.subject, "html_template": first.html, "text_template": first.text}
    missing = personalise.missing(sources, first.variables, first.recipients, first.built_in)
    first = first._replace(variables={**dict.fromkeys(missing, ""), **first.variables})
    refuse(checks.faults(first, now))
    values = personalise.values(personalise.common_values(first.sender, first.variables), first.recipients[0])
    return Preview(
        subject=compile_template(first.subject).render(values),
        html=compile_template(first.html).render_html(values) if first.html else None,
        text=compile_template(first.text or text_of(first.html or "")).render(values),
        missing=missing,
    )
