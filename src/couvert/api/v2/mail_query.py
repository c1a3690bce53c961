"""Which mails a list is asked for: its filters, as the address spells them."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from couvert.api.v2.pages import CursorQuery
from couvert.api.v2.times import Moment, to_ms
from couvert.commands.addresses import normalise
from couvert.domain.delivery import State
from couvert.readmodels.folds import Status
from couvert.readmodels.mail_filter import MailFilter
from couvert.readmodels.marks import words


def _with_words(text: str) -> str:
    if text and not list(words(text)):
        raise ValueError("there is no word in it to look for: letters or digits")
    return text


Given = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1_000)]
Text = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=1_000), AfterValidator(_with_words)
]  # fmt: skip


class MailsQuery(CursorQuery):
    model_config = ConfigDict(populate_by_name=True)

    status: Annotated[Status | None, Field(description="Of the mail.")] = None
    state: Annotated[State | None, Field(description="Of one of its deliveries, at least.")] = None
    recipient: Annotated[
        str | None, AfterValidator(lambda text: text and normalise(text)), Field(description="An address, exactly.")
    ] = None
    email_id: Annotated[Given | None, Field(alias="emailId")] = None
    client_env_id: Annotated[Given | None, Field(alias="clientEnvId")] = None
    project_id: Annotated[Given | None, Field(alias="projectId")] = None
    closure_id: Annotated[Given | None, Field(alias="closureId")] = None
    tag: Given | None = None
    since: Annotated[Moment | None, Field(alias="from", description="Created then or later.")] = None
    to: Annotated[Moment | None, Field(description="Created before then.")] = None
    q: Annotated[Text | None, Field(description="Beginnings of words of the subject; case and accents are one.")] = None
    subject: Annotated[Text | None, Field(description="The same as `q`.")] = None

    def filter(self) -> MailFilter:
        return MailFilter(
            status=self.status,
            state=self.state,
            recipient=self.recipient,
            email_id=self.email_id,
            client_env_id=self.client_env_id,
            project_id=self.project_id,
            closure_id=self.closure_id,
            tags=(self.tag,) if self.tag else (),
            text=" ".join(filter(None, (self.q, self.subject))) or None,
            since=to_ms(self.since),
            before=to_ms(self.to),
        )
