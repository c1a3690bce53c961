"""The specification as a page for people: one file of HTML, without scripts, fonts or anything from elsewhere."""

from couvert.openapi.page.changelog import changelog_page
from couvert.openapi.page.reference import reference_page
from couvert.openapi.page.shell import CONTENT_SECURITY_POLICY

__all__ = ["CONTENT_SECURITY_POLICY", "changelog_page", "reference_page"]
