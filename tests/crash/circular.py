"""Mail that is sent on the command line: `couvert bulk LIST --html letter.html`."""

from pathlib import Path

from tests.crash.load import CLIENTS, domain

LIST_SIZE = 30
LETTER = ("--from", "shop@example.org", "--subject", "News for {{name}}", "--html", "letter.html")


def write_letter(directory: Path) -> None:
    (directory / "letter.html").write_text("<p>Hello {{name}}</p>")


def write_list(directory: Path, number: int) -> str:
    """Its file's name; its people are on no other list."""
    people = [f"list{number}.r{n}@{domain(n % CLIENTS)},Number {n}" for n in range(LIST_SIZE)]
    path = directory / f"list{number}.csv"
    path.write_text("\n".join(["email,name", *people]))
    return path.name
