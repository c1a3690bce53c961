"""Where Amazon SNS brings what SES says of mails: nobody needs a token, since each message is signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from couvert.api.parts import Parts
from couvert.api.v2.asked import Answer, Asked
from couvert.api.v2.call import Call

LONGEST_BODY: Final = 1_000_000
"""SNS carries 256 kB at most, before its JSON is written as a string of JSON."""


def provider_notice_calls(parts: Parts) -> Sequence[Call]:
    async def take(asked: Asked) -> Answer:
        await parts.notices.from_sns(asked.body.encode())
        return Answer({})

    return [
        Call(
            method="POST",
            path="/v2/provider/ses",
            handle=take,
            summary="Take a notice of Amazon SES by Amazon SNS",
            description=(
                "The body is a message of Amazon SNS: JSON, as `text/plain`. Subscribe this address by HTTPS to a "
                "topic that `COUVERT_SES_TOPICS` names; that is confirmed by itself. A notice is kept as it came "
                "before it is answered, and read afterwards."
            ),
            tag="Notices",
            text_body="text/plain",
            longest_body=LONGEST_BODY,
            refusals=("rule_broken", "not_from_provider", "body_too_large"),
            is_open=True,
        )
    ]
