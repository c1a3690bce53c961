"""Lambda's own side: a Runtime API that gives out events, and the real runtime client as a child process."""

import json
import os
import queue
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from tests.crash.crew import environment

VERSION = "/2018-06-01/runtime"
WAIT_SECONDS = 60


class Ended(NamedTuple):
    kind: str
    """`response`, `error`, or `init` for an error before the first event."""
    said: Any


class Invocation(NamedTuple):
    id: str
    event: Any
    seconds: float


class RuntimeApi(ThreadingHTTPServer):
    """One container's: it asks for events one after the other."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.waiting: queue.Queue[Invocation | None] = queue.Queue()
        self.ended: queue.Queue[Ended] = queue.Queue()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    def close(self) -> None:
        self.waiting.put(None)
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    server: RuntimeApi
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        assert self.path == f"{VERSION}/invocation/next"
        invocation = self.server.waiting.get()
        if invocation is None:
            self.close_connection = True
            return
        deadline_ms = int((time.time() + invocation.seconds) * 1000)
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:123456789012:function:couvert",
        }
        self._answer(200, json.dumps(invocation.event).encode(), headers)

    def do_POST(self) -> None:
        said = json.loads(self.rfile.read(int(self.headers["Content-Length"])) or b"null")
        *_, owner, kind = self.path.removeprefix(VERSION).split("/")
        self._answer(202, b'{"status":"OK"}', {"Content-Type": "application/json"})
        self.server.ended.put(Ended("init" if owner == "init" else kind, said))

    def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """A test says itself what went wrong."""


class LambdaContainer:
    """`python -m awslambdaric HANDLER`, as Lambda starts it."""

    def __init__(self, handler: str, directory: Path, settings: dict[str, str], **variables: str) -> None:
        self._api = RuntimeApi()
        lambdas = {
            "AWS_LAMBDA_RUNTIME_API": self._api.address,
            "LAMBDA_TASK_ROOT": str(directory),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": "eu-west-1",
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        }
        self.log = (directory / f"{uuid4().hex}.log").open("w+")
        self.child = subprocess.Popen(
            [sys.executable, "-m", "awslambdaric", handler],
            cwd=directory,
            env=environment(settings) | lambdas | variables | {"PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )

    def invoke(self, event: Any, *, seconds: float = 30) -> Any:
        """What the handler answered."""
        self.begin(event, seconds=seconds)
        ended = self.end()
        assert ended.kind == "response", (ended, self.logged())
        return ended.said

    def begin(self, event: Any, *, seconds: float = 30) -> None:
        self._api.waiting.put(Invocation(str(uuid4()), event, seconds))

    def end(self) -> Ended:
        for _ in range(WAIT_SECONDS * 10):
            try:
                return self._api.ended.get(timeout=0.1)
            except queue.Empty:
                assert self.child.poll() is None, self.logged()
        raise TimeoutError(self.logged())

    def init_error(self) -> Any:
        """Why it never asked for an event; it has ended then."""
        ended = self._api.ended.get(timeout=WAIT_SECONDS)
        assert ended.kind == "init", ended
        self.child.wait(WAIT_SECONDS)
        return ended.said

    def kill(self) -> None:
        self.child.kill()
        self.child.wait(WAIT_SECONDS)

    def logged(self) -> str:
        self.log.flush()
        return Path(self.log.name).read_text()

    def close(self) -> None:
        self.kill()
        self._api.close()
        self.log.close()
