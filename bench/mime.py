"""What one message costs to build, beside the standard library: `python bench/mime.py`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from itertools import count

from couvert.delivery.mime import Mailbox, Outline
from couvert.delivery.text import text_of
from couvert.domain.template import compile_template

ROUNDS, MESSAGES = 15, 400
ROW = (
    '<tr><td style="font-family:Arial,sans-serif;font-size:14px">'
    "{{ name }}, your parcel is on its way: {word}.</td></tr>\n"
)
NOW = datetime(2025, 1, 27, 10, 30, tzinfo=UTC)
SENDER = Mailbox("shop@example.com", "The Shop")


def main() -> None:
    print(f"{'3 kB of HTML and its text, us a message':<48}{'couvert':>9}{'stdlib':>9}{'ratio':>7}")
    for title, word in (("ASCII", "today"), ("a few accents", "vóór één uur, café")):
        html = f"<html><body><table>\n{ROW.replace('{word}', word) * 27}</table></body></html>"
        texts = text_of(html)
        for what, text in (
            ("own text for each", texts),
            ("same text for all", texts.replace("{{ name }}", "Customer")),
        ):
            report(f"{title}, {what} ({len(html)} + {len(text)} B)", html, text)


def report(title: str, html: str, text: str) -> None:
    ours, theirs = median_us(couverts(html, text)), median_us(standard(html, text))
    print(f"{title:<48}{ours:>9.1f}{theirs:>9.1f}{theirs / ours:>6.0f}x")


def couverts(html: str, text: str) -> Callable[[], bytes]:
    outline = Outline(SENDER)
    contents = filled(html, text)

    def build() -> bytes:
        number, html, text = next(contents)
        return outline.build(
            message_id=f"<{number}@example.com>",
            date=NOW,
            recipient=Mailbox(f"jo{number}@example.org", f"Jo {number}"),
            subject=f"Hello {number}",
            html=html,
            text=text,
        )

    return build


def standard(html: str, text: str) -> Callable[[], bytes]:
    contents = filled(html, text)

    def build() -> bytes:
        number, html, text = next(contents)
        message = EmailMessage()
        message["Message-ID"] = f"<{number}@example.com>"
        message["Date"] = format_datetime(NOW)
        message["From"] = formataddr((SENDER.name, SENDER.address))
        message["To"] = formataddr((f"Jo {number}", f"jo{number}@example.org"))
        message["Subject"] = f"Hello {number}"
        message.set_content(text)
        message.add_alternative(html, subtype="html")
        return message.as_bytes()

    return build


def filled(html: str, text: str) -> Iterator[tuple[int, str, str]]:
    """Rendered ahead, so that the rendering is not measured."""
    page, words = compile_template(html), compile_template(text)
    ready = []
    for number in range(MESSAGES):
        values = {"name": f"Customer {number:05}"}
        ready.append((page.render_html(values), words.render(values)))
    return ((number, *ready[number % MESSAGES]) for number in count())


def median_us(build: Callable[[], bytes]) -> float:
    def once() -> float:
        began = time.perf_counter()
        for _ in range(MESSAGES):
            build()
        return (time.perf_counter() - began) / MESSAGES * 1e6

    return statistics.median(once() for _ in range(ROUNDS))


if __name__ == "__main__":
    main()
