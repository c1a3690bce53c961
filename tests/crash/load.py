"""Clients that post without a pause, each mail to recipients of its own, and remember what they were promised."""

import itertools
import threading
import time
from collections import Counter
from http.client import HTTPException
from typing import Self

from tests.crash.clients import Answer, post_mail
from tests.crash.service import Service

CLIENTS = 6


class Load:
    """Used as a context: at its end all clients have stopped."""

    def __init__(self, service: Service, key: str) -> None:
        self.promised: set[str] = set()
        """Recipients of mails that were answered with 200."""
        self.sent: set[str] = set()
        """Those among them whose mail is sent, as the answer said."""
        self.answers: Counter[int] = Counter()
        self.refusals: list[Answer] = []
        self._service = service
        self._key = key
        self._is_over = threading.Event()
        self._clients = [threading.Thread(target=self._post, args=(n,)) for n in range(CLIENTS)]

    def __enter__(self) -> Self:
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
        connection = self._service.connection()
        for number in itertools.count():
            # Every third mail is a bulk: it goes through the queue, the others straight into the courier's hands.
            recipients = [f"c{client}.m{number}.r{n}@example.com" for n in range(3 if number % 3 == 0 else 1)]
            # Every other client asks until it is answered, under a key that makes it one mail however often it asks.
            key = f"c{client}.m{number}" if client % 2 else None
            while not self._is_over.is_set():
                try:
                    answer = post_mail(connection, self._key, recipients, key)
                except (OSError, HTTPException):
                    # No answer, no promise.
                    connection.close()
                    connection = self._service.connection()
                else:
                    self._note(recipients, answer)
                    if answer.status == 200:
                        break
                time.sleep(0.05)
                if key is None:
                    break
            else:
                break
        connection.close()

    def _note(self, recipients: list[str], answer: Answer) -> None:
        self.answers[answer.status] += 1
        if answer.status != 200:
            self.refusals.append(answer)
            return
        self.promised.update(recipients)
        if answer.body["message"] == "Email sent successfully":
            self.sent.update(recipients)
