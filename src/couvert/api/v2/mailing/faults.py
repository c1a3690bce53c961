"""What is wrong with a mail, by the paths of its body, whoever found it: the body's own shape or the rules."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

from couvert.api.v2.refusals import Faulty, Item
from couvert.domain import personalise
from couvert.domain.mail import Recipient
from couvert.domain.refusals import Fault, RuleBroken

_PATHS: Final = {
    "html_template": "htmlTemplate", "text_template": "textTemplate", "reply_to": "replyTo",
    "due_at": "scheduledAt", "expires_at": "expiresAt",
    "sender_name": "sender.name", "sender_organisation_name": "sender.organisationName",
}  # fmt: skip
_OF_ATTACHMENTS: Final = re.compile(r"(attachments\.\d+\.content)_(type|id)")
TEMPLATES: Final = {"subject": "subject", "htmlTemplate": "html_template", "textTemplate": "text_template"}


def faulty(refusal: RuleBroken) -> Faulty:
    """A rule's refusal of a mail."""
    return Faulty(
        [Item(path_of(path), words, "rule") for path, words in refusal.faults] or [Item("body", refusal.message)]
    )


def path_of(path: str) -> str:
    """In camelCase, where the domain has its own words: a header's or variable's name stays as it is."""
    attached = _OF_ATTACHMENTS.fullmatch(path)
    return attached[1] + attached[2].title() if attached else _PATHS.get(path, path)


def with_faults_of_templates(error: ValidationError, body: object) -> ValidationError:
    """The same error with what can be told of the templates too, although the rest of the body is no mail yet."""
    known = error.errors(include_url=False, include_context=False, include_input=False)
    wrong = {str(each["loc"][0]) for each in known if each["loc"]}
    more = _faults(body, wrong) if isinstance(body, Mapping) else ()
    return ValidationError.from_exception_data(
        error.title,
        [_detail(each["type"], each["msg"], each["loc"]) for each in known]
        + [_detail("rule", words, tuple(path_of(path).split("."))) for path, words in more],
    )


def _faults(body: Mapping[str, Any], wrong: set[str]) -> Iterable[Fault]:
    """Of the templates that are texts; which variables are missing, only if recipients and variables are right."""
    sources = {ours: body[theirs] for theirs, ours in TEMPLATES.items() if isinstance(body.get(theirs), str)}
    if not wrong & {"recipients", "variables"}:
        recipients = [Recipient(each["email"], variables=each.get("variables")) for each in body["recipients"]]
        return personalise.checked(sources, body.get("variables") or {}, recipients)[1]
    return [each for each in (personalise.compiled(*source) for source in sources.items()) if isinstance(each, Fault)]


def _detail(kind: Any, words: Any, path: tuple[int | str, ...]) -> InitErrorDetails:
    return InitErrorDetails(type=PydanticCustomError(kind, words), loc=path, input=None)
