"""A `couvert serve` on a port of its own with a token that may do everything, and what its specification says."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import httpx2
from openapi_schema_validator import OAS30Validator

SPECIFICATION: Final = Path(__file__).parents[3] / "docs" / "openapi.json"
COUVERT: Final = [sys.executable, "-m", "couvert"]


class Operation(NamedTuple):
    """One call, as the committed document has it."""

    method: str
    path: str
    node: Any

    @property
    def is_open(self) -> bool:
        return not self.node["security"]

    @property
    def example(self) -> Any:
        return self.content.get("example")

    @property
    def content(self) -> Any:
        return next(iter(self.node.get("requestBody", {}).get("content", {}).values()), {})

    @property
    def media_type(self) -> str:
        return next(iter(self.node.get("requestBody", {}).get("content", {})), "")

    @property
    def success(self) -> str:
        return str(next(iter(self.node["responses"])))

    @property
    def is_endless(self) -> bool:
        return "text/event-stream" in self.node["responses"][self.success].get("content", {})

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class Specification:
    def __init__(self, document: Any) -> None:
        self.document = document
        self.operations = [
            Operation(method.upper(), path, node)
            for path, item in document["paths"].items()
            for method, node in item.items()
        ]

    @classmethod
    def committed(cls) -> "Specification":
        return cls(json.loads(SPECIFICATION.read_text(encoding="utf-8")))

    def resolved(self, node: Any) -> Any:
        while "$ref" in node:
            found = self.document
            for name in node["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            node = found
        return node

    def faults(self, schema: Any, value: Any) -> list[str]:
        """Why the value is not as the schema has it."""
        validator = OAS30Validator({**schema, "components": self.document["components"]})
        return [f"{fault.json_path}: {fault.message}" for fault in validator.iter_errors(value)]

    def faults_of(self, operation: Operation, answer: httpx2.Response) -> list[str]:
        """Why the answer is not as it is documented: status, type, headers, body."""
        if str(answer.status_code) not in operation.node["responses"]:
            return [f"{operation} answered {answer.status_code}, which is not documented: {answer.text}"]
        response = self.resolved(operation.node["responses"][str(answer.status_code)])
        headers = {name: self.resolved(node) for name, node in response.get("headers", {}).items()}
        missing = [name for name, node in headers.items() if node["required"] and name not in answer.headers]
        faults = [f"the header {name} is missing" for name in missing]
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind not in response.get("content", {"": None}):
            faults.append(f"{kind!r} is not documented")
        elif kind == "application/json":
            faults += self.faults(response["content"][kind]["schema"], answer.json())
        return [f"{operation} answered {answer.status_code}: {fault}" for fault in faults]


class Platform:
    def __init__(self, url: str, token: str) -> None:
        self.url = url
        self.token = token
        self.known: dict[str, str] = {}
        """What answers named so far: `mailId`, `keyId` and the like, the first of each."""

    def ask(self, operation: Operation, *, body: Any = None, **headers: str) -> httpx2.Response:
        """At the address with what is known filled in."""
        path = re.sub(r"{(\w+)}", lambda name: self.known.get(name[1], "unknown"), operation.path)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if not operation.is_open:
            sent["X-Access-Token"] = self.token
        given: dict[str, Any] = {"json": body}
        if isinstance(body, str):
            sent["Content-Type"], given = operation.media_type, {"content": body}
        answer = httpx2.request(operation.method, self.url + path, headers=sent, timeout=30, **given)
        if answer.is_success and answer.headers.get("content-type") == "application/json":
            self._learn(answer.json())
        return answer

    def _learn(self, value: Any) -> None:
        if isinstance(value, Mapping):
            for name, member in value.items():
                if isinstance(member, str):
                    self.known.setdefault(name, member)
                self._learn(member)
        elif isinstance(value, list):
            for member in value:
                self._learn(member)


@contextmanager
def serving(directory: Path) -> Iterator[Platform]:
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        "COUVERT_DATA_DIR": str(directory / "data"),
        "COUVERT_RATE_LIMIT": "1000000/600s",
        "COUVERT_LOG_LEVEL": "error",
    }

    def run(*arguments: str) -> str:
        command = [*COUVERT, *arguments]
        return subprocess.run(
            command, check=True, capture_output=True, text=True, cwd=directory, env=environment, timeout=60
        ).stdout.strip()

    run("user", "add", "root@example.com", "--admin")
    token = run("token", "create", "--user", "root@example.com", "--role", "api_read", "--role", "api_write")
    command = [*COUVERT, "serve", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=directory, env=environment) as child:
        assert child.stdout is not None
        try:
            port = next(found[1] for line in child.stdout if (found := re.search(r"http://127\.0\.0\.1:(\d+), ", line)))
            yield Platform(f"http://127.0.0.1:{port}", token)
        finally:
            child.terminate()
            child.wait(60)
