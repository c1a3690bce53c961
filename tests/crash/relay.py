"""A relay that counts: every complete message, for whom and with which Message-ID, whether it was answered or not."""

import threading
import time
from collections import Counter
from contextlib import suppress
from socket import SHUT_RDWR, socket
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import Final

GO_AHEAD: Final = "354"
VERDICT: Final = "250"
"""Where it can be held back: before it asks for the content, and before it answers the complete message."""
LONGEST_SECONDS: Final = 60
OFFERS: Final = b"250-relay.test\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"


class Relay:
    def __init__(self, port: int = 0) -> None:
        self.arrived: list[tuple[str, str]] = []
        """Recipient and Message-ID of each complete message, in order."""
        self.times: list[float] = []
        """When each began, by the monotonic clock."""
        self.seconds = 0.0
        """How long it thinks about each message."""
        self.drops = Counter[str]()
        """For whom, and how often, it takes a message and then closes the connection instead of answering."""
        self._held: dict[tuple[str, str], threading.Event] = {}
        self._waiting: dict[tuple[str, str], threading.Event] = {}
        self._server = _Server(("127.0.0.1", port), _Session)
        self._server.relay = self
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def copies(self) -> Counter[str]:
        return Counter(recipient for recipient, _ in self.arrived)

    def message_ids(self, recipient: str) -> set[str]:
        return {message_id for who, message_id in self.arrived if who == recipient}

    def hold(self, step: str, recipient: str) -> threading.Event:
        """Once, for this recipient, wait at this step until the returned event is set."""
        self._waiting[step, recipient] = threading.Event()
        self._held[step, recipient] = let_go = threading.Event()
        return let_go

    def await_hold(self, step: str, recipient: str) -> None:
        assert self._waiting[step, recipient].wait(LONGEST_SECONDS), f"{recipient} never came to {step}"

    def pass_by(self, step: str, recipient: str) -> None:
        let_go = self._held.pop((step, recipient), None)
        if let_go is not None:
            self._waiting[step, recipient].set()
            let_go.wait(LONGEST_SECONDS)

    def close(self) -> None:
        """Stop listening and cut every connection."""
        self._server.shutdown()
        self._server.server_close()
        self._server.cut()
        self._thread.join()


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    relay: Relay

    def __init__(self, address: tuple[str, int], handler: type[StreamRequestHandler]) -> None:
        super().__init__(address, handler)
        self._open: set[socket] = set()

    def process_request(self, request, client_address):
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request):
        self._open.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        for connection in list(self._open):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)


class _Session(StreamRequestHandler):
    """One connection, one command after the other; what was pipelined waits in the buffer."""

    server: _Server

    def handle(self) -> None:
        # Whoever was killed says no goodbye.
        with suppress(OSError):
            self._say(b"220 relay.test\r\n")
            while line := self.rfile.readline():
                if not self._answer(line.decode().rstrip()):
                    return

    def _answer(self, line: str) -> bool:
        match line.partition(" ")[0].upper():
            case "EHLO":
                self._say(OFFERS)
            case "MAIL":
                self.server.relay.times.append(time.monotonic())
                self._say(b"250 ok\r\n")
            case "DATA":
                return self._take_content()
            case "QUIT":
                self._say(b"221 bye\r\n")
                return False
            case "RCPT":
                self._recipient = line.partition("<")[2].partition(">")[0]
                self._say(b"250 ok\r\n")
            case _:
                self._say(b"250 ok\r\n")
        return True

    def _take_content(self) -> bool:
        """Whether the conversation goes on."""
        relay, recipient = self.server.relay, self._recipient
        relay.pass_by(GO_AHEAD, recipient)
        self._say(b"354 go ahead\r\n")
        message_id = self._read_content()
        if message_id is None:
            return False
        relay.arrived.append((recipient, message_id))
        relay.pass_by(VERDICT, recipient)
        time.sleep(relay.seconds)
        if relay.drops[recipient]:
            relay.drops[recipient] -= 1
            return False
        self._say(b"250 2.0.0 ok: queued as %d\r\n" % len(relay.arrived))
        return True

    def _read_content(self) -> str | None:
        """The Message-ID, once the final dot is there; None if it never comes."""
        message_id = ""
        while line := self.rfile.readline():
            if line == b".\r\n":
                return message_id
            if line.lower().startswith(b"message-id:"):
                message_id = line.partition(b":")[2].strip().decode()
        return None

    def _say(self, words: bytes) -> None:
        self.wfile.write(words)
