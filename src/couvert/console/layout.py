"""What all pages share: the frame, the style, and the headers that keep scripts and other sites out."""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from typing import Final

from starlette.responses import HTMLResponse

from couvert.console.markup import Markup, fill

STYLE: Final = Markup("""
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 1rem; }
label { display: block; margin: .75rem 0 0; }
label.inline { display: inline; margin-right: 1rem; }
input { font: inherit; box-sizing: border-box; padding: .3rem; }
input:not([type=checkbox]) { display: block; width: 100%; max-width: 24rem; }
button { font: inherit; padding: .3rem 1rem; margin-top: 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid #8886; }
td form button { margin: 0; padding: 0 .5rem; }
code { overflow-wrap: anywhere; }
.fault, .secret { margin: 0 0 1.5rem; }
.fault { border-left: .3rem solid #c33; padding-left: .7rem; }
.secret { border: 1px solid #8888; padding: 1rem; }
""")

_STYLE_HASH: Final = b64encode(sha256(STYLE.encode()).digest()).decode()
HEADERS: Final = {
    "Content-Security-Policy": f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    # A set-up link's code stands in its address.
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title} · couvert</title>
<style>{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def page(title: str, body: Markup, status: int = 200) -> HTMLResponse:
    return HTMLResponse(fill(_PAGE, title=title, style=STYLE, body=body), status, HEADERS)


def fault(sentence: str | None) -> Markup:
    """What was wrong with the form that was sent, if anything."""
    return fill('<p class="fault" role="alert">{sentence}</p>', sentence=sentence) if sentence else Markup()


def notice(title: str, sentence: str, status: int) -> HTMLResponse:
    """A page that says one thing."""
    body = fill(
        '<h1>{title}</h1>\n<p>{sentence}</p>\n<p><a href="/console/">To the console</a></p>',
        title=title,
        sentence=sentence,
    )
    return page(title, body, status)
