"""Mail handed to Amazon SES: one signed call each, over connections that are kept and used again."""

from couvert.delivery.transports.ses.account import SesAccount
from couvert.delivery.transports.ses.options import SesOptions, ses_from_url
from couvert.delivery.transports.ses.pool import SesTransport

__all__ = ["SesAccount", "SesOptions", "SesTransport", "ses_from_url"]
