"""`/v2/mails`, the writing side: send, preview, cancel, retry."""

from couvert.api.v2.mailing.calls import mailing_calls

__all__ = ["mailing_calls"]
