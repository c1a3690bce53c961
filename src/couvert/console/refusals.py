"""What the console turns away by itself.

Nobody else is to know of these, so they are no `Refusal`s: the tables of the API have no place for them.
"""

from __future__ import annotations


class Turned(Exception):
    status = 400
    title = "That did not work"

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class NotSignedIn(Turned):
    status = 401


class NotOurForm(Turned):
    """Made by another site, or before the browser was signed in or out."""

    status = 403


class FormTooLong(Turned):
    status = 413
