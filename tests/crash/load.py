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


def domain(client: int) -> str:
    """Where the recipients of this client's mails live."""
    return f"c{client}.example.com"


class Ration:
    """How many recipients may be posted: no more than were granted, until it is closed and used up."""

    def __init__(self) -> None:
        self._left = 0
        self._is_closed = False
        self._changed = threading.Condition()

    def grant(self, recipients: int) -> None:
        with self._changed:
            self._left += recipients
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more will be granted."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def take(self, recipients: int) -> bool:
        """Wait for so many; whether they were granted."""
        with self._changed:
            self._changed.wait_for(lambda: self._left >= recipients or self._is_closed)
            is_granted = self._left >= recipients
            self._left -= recipients if is_granted else 0
            return is_granted


class Load:
    """Used as a context: at its end all clients have stopped."""

    def __init__(self, service: Service, key: str, ration: Ration | None = None, bulk: int = 3) -> None:
        self.promised: set[str] = set()
        """Recipients of mails that were answered with 200."""
        self.sent: set[str] = set()
        """Those among them whose mail is sent, as the answer said."""
        self.answers: Counter[int] = Counter()
        self.refusals: list[Answer] = []
        self._service = service
        self._key = key
        self._ration = ration
        self._bulk = bulk
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
        if self._ration is not None:
            self._ration.close()
        self.finish()

    def finish(self) -> None:
        """Until all that is granted was posted."""
        for client in self._clients:
            client.join()

    def _post(self, client: int) -> None:
        connection = self._service.connection()
        for number in itertools.count():
            # Every third mail is a bulk: it goes through the queue, the others straight into the courier's hands.
            recipients = [f"m{number}.r{n}@{domain(client)}" for n in range(1 if number % 3 else self._bulk)]
            if self._ration is not None and not self._ration.take(len(recipients)):
                break
            # Every other client asks until it is answered, under a key that makes it one mail however often it asks.
            key = f"c{client}.m{number}" if client % 2 else None
            while not self._is_over.is_set():
                try:
                    answer = post_mail(connection, self._key, recipients, key)
                except (OSError, HTTPException) as trouble:
                    # No answer, no promise; but who found nobody there has asked nothing yet.
                    connection.close()
                    connection = self._service.connection()
                    has_asked = not isinstance(trouble, ConnectionRefusedError)
                else:
                    has_asked = True
                    self._note(recipients, answer)
                    if answer.status == 200:
                        break
                time.sleep(0.05)
                if key is None and has_asked:
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
