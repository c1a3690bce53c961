"""What may stand in a header: one line, without a character that could end it or hide in it."""

from __future__ import annotations

import re
from typing import Final

# Some readers take U+0085, U+2028 and U+2029 for line ends, so these could begin a header of their own, too.
_NOT_IN_A_LINE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def is_one_line(text: str) -> bool:
    """Nearly every text is printable, which takes a twentieth of the search."""
    return text.isprintable() or _NOT_IN_A_LINE.search(text) is None
