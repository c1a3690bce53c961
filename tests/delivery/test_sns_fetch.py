"""How certificates are fetched: from where they are, or not at all."""

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from couvert.delivery.sns import fetch
from couvert.domain.refusals import Unavailable
from couvert.domain.sns import Untrusted


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        status = int(self.path.strip("/").split("/")[0])
        body = b"x" * (100_000 if self.path.endswith("long") else 5)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/200/elsewhere")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


async def test_what_is_there_is_fetched(server):
    assert await fetch(f"{server}/200/here") == b"xxxxx"


@pytest.mark.parametrize("path", ["302/redirected", "404/gone", "200/long"])
async def test_nothing_is_followed_and_nothing_endless_is_read(server, path):
    with pytest.raises(Untrusted):
        await fetch(f"{server}/{path}")


async def test_a_server_in_trouble_may_be_asked_again(server):
    with pytest.raises(Unavailable):
        await fetch(f"{server}/503/busy")


async def test_so_may_one_that_is_not_there():
    with pytest.raises(Unavailable, match="cannot be reached"):
        await fetch("http://127.0.0.1:1/certificate.pem")
