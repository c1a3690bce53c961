"""Random requests by the whole specification: no crash, nothing undocumented, no answer that breaks its schema."""

import re
from collections.abc import Iterator
from itertools import count

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi import checks

from tests.api.v2.platform import SPECIFICATION, Platform, Specification, serving

CONFIG = {
    "seed": 1,
    "generation": {
        "deterministic": True,
        "database": "none",
        # Twenty wrong tokens within a minute shut the door for everybody at this address, as they should.
        "with-security-parameters": False,
    },
}
CHECKS = [
    # Left out: unknown fields and methods are no 4xx and no 405 here, and not all that is well-formed makes sense.
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
]
ENDLESS = [operation.path for operation in Specification.committed().operations if operation.is_endless]
TURNS = count()
"""Every other request names things that are there; every third wants a bare answer."""
LONG_WAIT = re.compile(r'(W/)?"?[0-9]+"?')
"""An event that no write answered would be waited for."""

document = schemathesis.openapi.from_path(str(SPECIFICATION), config=SchemathesisConfig.from_dict(CONFIG))
api = document.exclude(path=ENDLESS)


@pytest.fixture(scope="module")
def platform(tmp_path_factory) -> Iterator[Platform]:
    """With one of everything that its examples create, so that there is something to read, change and delete."""
    with serving(tmp_path_factory.mktemp("platform")) as platform:
        operations = [one for one in Specification.committed().operations if one.method == "POST" and one.example]
        for operation in sorted(operations, key=lambda one: one.path.count("{")):
            platform.ask(operation, body=operation.example)
        yield platform


@pytest.mark.slow
@api.parametrize()
@settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
def test_whatever_is_asked_is_answered_as_it_is_documented(platform, case):
    turn = next(TURNS)
    if turn % 2 and case.method != "DELETE":  # what is deleted, the examples show
        case.path_parameters |= {name: platform.known[name] for name in case.path_parameters if name in platform.known}
    if turn % 3 == 0:
        case.headers["Prefer"] = "envelope=none"
    if LONG_WAIT.fullmatch(case.headers.get("If-Event-Reached", "")):
        case.headers["If-Event-Reached"] = "0"

    answer = case.call(base_url=platform.url, headers={"X-Access-Token": platform.token}, timeout=30)

    case.validate_response(answer, checks=CHECKS)
