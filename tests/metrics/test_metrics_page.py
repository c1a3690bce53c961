"""docs/metrics.md lists every metric, as the code describes it, and no other."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `((?:couvert|process)_\w+)` \| (\w+) \| (.*?) \| (.*) \|$", re.MULTILINE)


async def test_the_page_and_the_registry_say_the_same(parts):
    await parts.metrics()
    registered = {
        family.name + ("_total" if family.type == "counter" else ""): (family.type, family.documentation)
        for family in parts.metrics.registry.collect()
    }
    written = {name: (kind, words) for name, kind, _, words in ROW.findall(PAGE.read_text())}

    # Whatever the system tells of a process; on Linux all of these.
    assert registered.items() <= written.items()
    assert {name for name in written if name.startswith("couvert_")} <= registered.keys()


async def test_the_page_names_the_labels(parts):
    labels = {name: set(re.findall(r"`(\w+)`", named)) for name, _, named, _ in ROW.findall(PAGE.read_text())}

    await parts.metrics()

    assert {
        family.name: set(sample.labels) - {"le"}
        for family in parts.metrics.registry.collect()
        for sample in family.samples
        if set(sample.labels) - {"le"} != labels.get(sample.name, labels.get(family.name))
    } == {}
