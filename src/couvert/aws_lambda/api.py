"""`couvert.aws_lambda.api.handler`: to import this is Lambda's init, and so the one place that wires when imported."""

from __future__ import annotations

from typing import Final

from couvert.aws_lambda.api_handler import Api
from couvert.aws_lambda.container import Container

handler: Final = Api(Container.open(answers=True))
