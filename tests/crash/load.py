"""Clients that post without a pause, each mail to recipients of its own, and remember what they were promised."""

import itertools
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException

from tests.crash.service import Answer, Service, post_mail

CLIENTS = 6
PATIENCE_SECONDS = 20


class Load:
    """Used as a context: at its end all clients have stopped."""

    def __init__(self, service: Service, key: str) -> None:
        self.promised: set[str] = set()
        """Recipients of mails that were answered with 200."""
        self.answers: Counter[int] = Counter()
        self.refusals: list[Answer] = []
        self._service = service
        self._key = key
        self._is_over = threading.Event()
        self._clients = [threading.Thread(target=self._post, args=(n,)) for n in range(CLIENTS)]

    def __enter__(self) -> "Load":
        for client in self._clients:
            client.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._is_over.set()
        for client in self._clients:
            client.join()

    def _post(self, client: int) -> None:
        connection = self._connection()
        for number in itertools.count():
            if self._is_over.is_set():
                break
            # Every third mail is a bulk: it goes through the queue, the others straight into the courier's hands.
            recipients = [f"c{client}.m{number}.r{n}@example.com" for n in range(3 if number % 3 == 0 else 1)]
            try:
                self._note(recipients, post_mail(connection, self._key, recipients))
            except (OSError, HTTPException):
                # No answer, no promise.
                connection.close()
                connection = self._connection()
                time.sleep(0.05)
        connection.close()

    def _note(self, recipients: list[str], answer: Answer) -> None:
        self.answers[answer.status] += 1
        if answer.status == 200:
            self.promised.update(recipients)
        else:
            self.refusals.append(answer)

    def _connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self._service.port, timeout=PATIENCE_SECONDS)
