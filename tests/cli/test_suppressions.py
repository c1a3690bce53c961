"""`couvert suppression`: enter, list, delete, import and export; and `bulk --dry-run` says who is kept from mail."""

import pytest

from couvert.cli import app
from couvert.domain.refusals import AlreadySuppressed, NotFound, RuleBroken


@pytest.fixture
def couvert(tmp_path, capsys):
    """Run a command; what it printed."""

    def run(*arguments):
        app([*arguments, "--data", str(tmp_path / "data")], standalone_mode=False)
        return capsys.readouterr().out

    return run


def test_an_address_is_entered_listed_and_deleted(couvert):
    id_ = couvert("suppression", "add", "Bob@Example.org", "--reason", "complaint").strip()

    assert id_.startswith("sup_")
    line = couvert("suppression", "list")
    assert line.split()[:2] == [id_, "complaint"]
    assert line.split()[-1] == "Bob@example.org"
    assert couvert("suppression", "list", "--email", "bob@example.org") == line
    couvert("suppression", "delete", "bob@example.org")
    assert couvert("suppression", "list") == ""


def test_one_is_deleted_by_its_id(couvert):
    couvert("suppression", "delete", couvert("suppression", "add", "bob@example.org").strip())

    assert couvert("suppression", "list") == ""


def test_what_cannot_be_meant_is_refused(couvert):
    couvert("suppression", "add", "bob@example.org", "--expires-at", "2099-01-31")

    with pytest.raises(AlreadySuppressed):
        couvert("suppression", "add", "bob@example.org")
    with pytest.raises(NotFound):
        couvert("suppression", "delete", "dora@example.org")
    with pytest.raises(RuleBroken):
        couvert("suppression", "add", "dora")
    with pytest.raises(RuleBroken):
        couvert("suppression", "add", "dora@example.org", "--expires-at", "2020-01-31")


def test_what_is_exported_can_be_imported(couvert, tmp_path):
    couvert("suppression", "add", "bob@example.org", "--expires-at", "2099-01-31")
    couvert("suppression", "add", "o'dora+x@example.org")
    (tmp_path / "list.csv").write_text(couvert("suppression", "export"), newline="")
    for address in ("bob@example.org", "o'dora+x@example.org"):
        couvert("suppression", "delete", address)

    assert couvert("suppression", "import", str(tmp_path / "list.csv")) == "2 added, 0 replaced, 0 unchanged\n"
    assert couvert("suppression", "import", str(tmp_path / "list.csv")) == "0 added, 0 replaced, 2 unchanged\n"


def test_a_list_of_any_length_is_imported(couvert, tmp_path, monkeypatch):
    monkeypatch.setattr("couvert.commands.suppression_lists.MOST", 2)
    (tmp_path / "list.csv").write_text("email\n" + "".join(f"u{n}@example.org\n" for n in range(5)))

    assert couvert("suppression", "import", str(tmp_path / "list.csv")) == "5 added, 0 replaced, 0 unchanged\n"
    assert len(couvert("suppression", "list").splitlines()) == 5


def test_a_list_with_faults_is_refused_with_all_of_them(couvert, tmp_path, capsys):
    (tmp_path / "list.csv").write_text("email,reason\nbob@example.org,\ndora,\nerin@example.org,dislike\n")

    with pytest.raises(RuleBroken, match="nothing was imported; faults: 2"):
        couvert("suppression", "import", str(tmp_path / "list.csv"))

    assert [line[:6] for line in capsys.readouterr().out.splitlines()] == ["line 3", "line 4"]
    assert couvert("suppression", "list") == ""


def test_a_dry_run_shows_who_is_suppressed_and_why(couvert, tmp_path):
    id_ = couvert("suppression", "add", "bob@example.org", "--reason", "hard_bounce").strip()
    (tmp_path / "list.csv").write_text("email\nBob@example.org\ndora@example.org\n")
    (tmp_path / "mail.html").write_text("<p>Hello</p>")

    shown = couvert(
        "bulk", str(tmp_path / "list.csv"), "--from", "a@example.com", "--subject", "Hello",
        "--html", str(tmp_path / "mail.html"), "--dry-run",
    )  # fmt: skip

    first, second, total = shown.splitlines()
    assert first.startswith("suppressed   Bob@example.org  hard_bounce since 20")
    assert first.endswith(id_)
    assert second.startswith("would get    dora@example.org")
    assert total == "1 would get it, 0 would not, 1 suppressed, 0 repeated"


def test_a_dry_run_needs_no_data(couvert, tmp_path):
    (tmp_path / "list.csv").write_text("email\nbob@example.org\n")
    (tmp_path / "mail.html").write_text("<p>Hello</p>")

    shown = couvert(
        "bulk", str(tmp_path / "list.csv"), "--from", "a@example.com", "--subject", "Hello",
        "--html", str(tmp_path / "mail.html"), "--dry-run",
    )  # fmt: skip

    assert shown.splitlines()[-1] == "1 would get it, 0 would not, 0 repeated"
