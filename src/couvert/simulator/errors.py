"""What Amazon's services refuse with: a type, a status and the words they have for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from couvert.simulator.exchange import Answer, json_answer


class AwsError(Exception):
    def __init__(self, error_type: str, message: str = "", status: int | None = None) -> None:
        words, usual_status = KNOWN.get(error_type, ("", 400))
        self.error_type = error_type
        self.message = message or words
        self.status = usual_status if status is None else status
        super().__init__(f"{error_type}: {self.message}")


_WRONG_SIGNATURE: Final = (
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key "
    "and signing method. Consult the service documentation for details."
)
KNOWN: Final[dict[str, tuple[str, int]]] = {
    "TooManyRequestsException": ("Maximum sending rate exceeded.", 429),
    "LimitExceededException": ("Daily message quota exceeded.", 400),
    "SendingPausedException": ("Sending is paused for this account.", 400),
    "AccountSuspendedException": ("The account's ability to send email has been permanently restricted.", 400),
    "MailFromDomainNotVerifiedException": ("The MAIL FROM domain is not verified.", 400),
    "MessageRejected": ("Email address is not verified.", 400),
    "BadRequestException": ("The input you provided is invalid.", 400),
    "NotFoundException": ("The resource you attempted to access doesn't exist.", 404),
    "AlreadyExistsException": ("The resource specified in your request already exists.", 400),
    "MissingAuthenticationTokenException": ("Missing Authentication Token", 403),
    "IncompleteSignatureException": ("The request signature does not conform to AWS standards.", 403),
    "InvalidSignatureException": (_WRONG_SIGNATURE, 403),
    "UnrecognizedClientException": ("The security token included in the request is invalid.", 403),
    "ExpiredTokenException": ("The security token included in the request is expired", 403),
    "AccessDeniedException": ("User is not authorized to perform this action.", 403),
    "ThrottlingException": ("Rate exceeded", 400),
    "UnknownOperationException": ("The simulator does not know this call; see docs/simulator.md.", 404),
    "InternalFailure": ("Internal Failure", 500),
    "BadGateway": ("Bad Gateway", 502),
    "ServiceUnavailableException": ("Service is unavailable", 503),
    "GatewayTimeout": ("Gateway Timeout", 504),
}  # fmt: skip

OF_STATUS: Final = {
    500: "InternalFailure", 502: "BadGateway", 503: "ServiceUnavailableException", 504: "GatewayTimeout",
    429: "TooManyRequestsException", 404: "NotFoundException", 403: "AccessDeniedException", 400: "BadRequestException",
}  # fmt: skip


@contextmanager
def well_shaped(error_type: str) -> Iterator[None]:
    """Whoever reads a body within finds a member that is no such thing: that is an error of the client."""
    try:
        yield
    except (TypeError, ValueError, KeyError, AttributeError) as wrong:
        raise AwsError(error_type, f"The body has a member of another type than this call takes: {wrong}") from None


def rest_answer(error: AwsError) -> Answer:
    """As the REST services of Amazon say it: the type in a header, the words in the body."""
    return json_answer({"message": error.message}, error.status, ("x-amzn-ErrorType", error.error_type))
