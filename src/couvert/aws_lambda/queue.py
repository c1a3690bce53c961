"""`couvert.aws_lambda.queue.handler`: to import this is Lambda's init, and so it wires when imported, as `api` does."""

from __future__ import annotations

from typing import Final

from couvert.aws_lambda.container import Container
from couvert.aws_lambda.queue_handler import Queue

handler: Final = Queue(Container.open(answers=False))
