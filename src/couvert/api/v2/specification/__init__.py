"""The OpenAPI 3.0.3 document, made of the table of calls that also makes the addresses and their door."""

from couvert.api.v2.specification.document import document, encoded

__all__ = ["document", "encoded"]
