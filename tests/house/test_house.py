"""What holds for the repository itself: it builds anywhere, explains itself, and leads nowhere by mistake."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "couvert"
MODULES = sorted(PACKAGE.rglob("*.py"))
RULES = sorted((PACKAGE / "domain").rglob("*.py"))
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.md"), *ROOT.glob("bench/*.md")})
RUN_TIME, DEVELOPMENT = ROOT / "requirements.lock", ROOT / "requirements-dev.lock"

# Written so that this file does not break the rules it holds.
REGISTRY = re.compile(
    r"\bpy(pi|thonhosted)\.(org|io)\b|\bregistry\.(npmjs|yarnpkg)\.\w|\b(crates)\.io\b|\bproxy\.(golang)\.org\b"
    r"|\b(deb|security)\.(debian)\.org\b"
)
ONE_MACHINE = re.compile(r"(?<![\w.~/$}-])/(work|root|home|Users|opt/(wheels|pypi))/[\w.]")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


# The files, whatever is in them.


@pytest.fixture(scope="module")
def files(require: Callable[[str], Path]) -> list[Path]:
    """Every text file that is tracked, or would be with the next `git add`."""
    command = [str(require("git")), "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [path for name in listing.split("\0") if name and is_text(path := ROOT / name)]


def is_text(path: Path) -> bool:
    return path.is_file() and b"\0" not in path.read_bytes()


def test_the_project_installs_from_whatever_index_its_user_has(files):
    assert lines_with(REGISTRY, files) == []


def test_nothing_knows_the_machine_it_was_written_on(files):
    assert lines_with(ONE_MACHINE, files) == []


def lines_with(pattern: re.Pattern[str], files: list[Path]) -> list[str]:
    return [
        f"{name_of(path)}:{number}: {line.strip()[:120]}"
        for path in files
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1)
        if pattern.search(line)
    ]


# The code.


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_every_module_opens_with_its_sentence(module):
    opening = (ast.get_docstring(ast.parse(text_of(module))) or "").partition("\n\n")[0]

    assert opening.endswith((".", ":", "?")), f"not a sentence: {opening!r}"


@pytest.mark.parametrize("module", RULES, ids=name_of)
def test_the_rules_need_nothing_but_the_standard_library(module):
    ours = {"couvert.domain", *(f"couvert.domain.{rule.stem}" for rule in RULES)}
    strangers = {name for name in imports_of(module) - ours if name.partition(".")[0] not in sys.stdlib_module_names}

    assert strangers == set()


def imports_of(module: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(text_of(module))))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)}


# The pages.


@pytest.mark.parametrize("decision", DECISIONS, ids=name_of)
def test_a_decision_says_what_was_decided_when_and_whether_it_still_holds(decision):
    text = text_of(decision)

    assert re.match(r"# \S", text), "it opens with no title"
    assert re.search(r"(?mi)^[-*\s]*Status:[*\s]*(proposed|accepted|superseded by .+|withdrawn)\b", text)
    assert re.search(r"(?mi)^[-*\s]*Date:[*\s]*20\d\d-[01]\d-[0-3]\d\b", text)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_between_pages_lead_somewhere(page):
    assert [target for target in local_links(page) if not leads_somewhere(page, target)] == []


def local_links(page: Path) -> list[str]:
    prose = re.sub(r"`[^`\n]*`", "", without_blocks(text_of(page)))
    targets = re.findall(r"\]\(<?([^)>\s]+)", prose) + re.findall(r"(?m)^\[[^]]+\]:\s*(\S+)", prose)
    return [target for target in targets if not re.match(r"[a-z][a-z0-9+.-]*:", target)]


def leads_somewhere(page: Path, target: str) -> bool:
    name, _, heading = target.partition("#")
    other = page.parent / name if name else page
    return other.exists() and (not heading or other.suffix != ".md" or heading in anchors_of(other))


def anchors_of(page: Path) -> set[str]:
    """What forges make of headings: lower case, spaces to hyphens, punctuation gone."""
    titles = re.findall(r"(?m)^#+\s+(.+?)\s*#*$", without_blocks(text_of(page)))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def without_blocks(markdown: str) -> str:
    return re.sub(r"(?ms)^\s*(```|~~~).*?^\s*\1", "", markdown)


# The locks.


@pytest.mark.parametrize("lock", [RUN_TIME, DEVELOPMENT], ids=name_of)
def test_a_lock_has_hashes_and_no_addresses(lock):
    text = text_of(lock)
    pinned = re.findall(r"(?m)^\w.*==", text)
    hashed = re.findall(r"(?m)^\w.*==.* \\\n    --hash=sha256:", text)

    assert "://" not in text
    assert not re.search(r"(?m)^-", text), "an option such as --index-url"
    assert len(hashed) == len(pinned) > 0


def test_the_locks_hold_whatever_the_project_asks_for():
    assert requirements("build") <= pins_of(RUN_TIME).keys(), "run `make lock`"
    assert requirements(*project()["optional-dependencies"]) <= pins_of(DEVELOPMENT).keys(), "run `make lock`"


def test_the_tests_run_on_what_users_run():
    assert pins_of(RUN_TIME).items() <= pins_of(DEVELOPMENT).items()


def test_the_locks_hold_what_building_takes():
    assert project()["optional-dependencies"]["build"] == pyproject()["build-system"]["requires"]


def requirements(*extras: str) -> set[str]:
    lines = project()["dependencies"] + [line for extra in extras for line in project()["optional-dependencies"][extra]]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[^\w.-]", line)[0]).lower() for line in lines}
    return names - {project()["name"]}  # an extra that takes another one along


def project():
    return pyproject()["project"]


def pyproject():
    return tomllib.loads(text_of(ROOT / "pyproject.toml"))


def pins_of(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([\w.-]+)(?:\[[^]]*\])?==(\S+)", text_of(lock)))
