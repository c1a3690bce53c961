"""Mail handed to an SMTP relay: pipelined, over connections that are kept and used again."""

from couvert.delivery.transports.smtp.pool import SmtpTransport
from couvert.delivery.transports.smtp.relay import Patience, Relay, Tls
from couvert.delivery.transports.smtp.relay_url import relay_from_url

__all__ = ["Patience", "Relay", "SmtpTransport", "Tls", "relay_from_url"]
