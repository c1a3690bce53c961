"""The variables that every template may use without anybody defining them."""

from __future__ import annotations

from typing import Final

OF_V1: Final = frozenset({
    "name", "mail", "company", "recipient_name", "recipient_email", "recipient_company",
    "sender_name", "sender_email", "sender_organisation_name",
})  # fmt: skip
"""The names of /v1 and of its queue. /v1 is frozen: to its templates the others do not exist."""
BUILT_IN: Final = OF_V1 | {"email", "senderName", "senderEmail", "senderOrganisationName"}
"""They cannot be redefined, by whichever door a mail comes."""
