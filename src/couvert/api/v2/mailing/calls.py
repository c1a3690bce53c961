"""The calls that send mails and intervene in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from couvert.api.parts import Parts
from couvert.api.v2.call import Call
from couvert.api.v2.mailing import examples
from couvert.api.v2.mailing.answers import BatchAnswer, InterventionAnswer, PreviewAnswer, QueuedAnswer
from couvert.api.v2.mailing.bodies import BatchBody, BatchQuery, MailBody, RetryQuery
from couvert.api.v2.mailing.handlers import ACCEPTED, Mails

LEFT_OUT: Final = frozenset({"html_template", "text_template", "attachments"})


def mailing_calls(parts: Parts) -> Sequence[Call]:
    mails = Mails(parts)
    return [
        Call(
            method="POST",
            path="/v2/mails",
            handle=mails.post,
            is_guarded=True,
            summary="Send a mail to one or many",
            description="Personalised for each recipient. It is kept, with its idempotency key, before it is answered.",
            tag="Mails",
            body=MailBody,
            answer=QueuedAnswer,
            status=ACCEPTED,
            hidden=LEFT_OUT,
            example_body=examples.MAIL,
            example_data=examples.QUEUED,
        ),
        Call(
            method="POST",
            path="/v2/mails/batch",
            handle=mails.post_batch,
            is_guarded=True,
            summary="Send up to 500 different mails",
            description="What is wrong is refused by itself, the rest is queued in one commit; `strict` refuses all.",
            tag="Mails",
            body=BatchBody,
            query=BatchQuery,
            answer=BatchAnswer,
            status=ACCEPTED,
            list_name="results",
            hidden=frozenset({"mails"}),
            example_body={"mails": [examples.MAIL]},
            example_data=examples.BATCH,
        ),
        Call(
            method="POST",
            path="/v2/mails/preview",
            handle=mails.preview,
            summary="See what the first recipient would read",
            description="Nothing is kept or sent. Variables that are missing are listed, and render as nothing.",
            tag="Mails",
            body=MailBody,
            answer=PreviewAnswer,
            reads_only=True,
            hidden=LEFT_OUT,
            example_body=examples.MAIL,
            example_data=examples.PREVIEW,
        ),
        Call(
            method="POST",
            path="/v2/mails/{mailId}/cancel",
            handle=mails.cancel,
            summary="Stop what was not yet begun",
            tag="Mails",
            answer=InterventionAnswer,
            refusals=("not_found", "conflict"),
            example_data=examples.CANCELLED,
            parameters={"mailId": "The mail's id."},
        ),
        Call(
            method="POST",
            path="/v2/mails/{mailId}/retry",
            handle=mails.retry,
            summary="Send again what failed",
            description=(
                "What is unknown stays so unless `unknown` decides it, what was suppressed unless `suppressed` does. A "
                "mail that has expired is a conflict."
            ),
            tag="Mails",
            query=RetryQuery,
            answer=InterventionAnswer,
            refusals=("not_found", "conflict"),
            example_data=examples.RETRIED,
            parameters={"mailId": "The mail's id."},
        ),
    ]
