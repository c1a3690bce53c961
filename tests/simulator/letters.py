"""What the tests of the simulator send."""

from typing import Any

from botocore.exceptions import ClientError

RAW = b"From: Ann <ann@example.com>\r\nTo: bob@example.com\r\nSubject: Hello\r\n\r\nHello Bob\r\n"


def raw_letter(**change: Any) -> dict[str, Any]:
    letter = {
        "FromEmailAddress": "ann@example.com",
        "Destination": {"ToAddresses": ["bob@example.com"]},
        "Content": {"Raw": {"Data": RAW}},
    }
    return {**letter, **change}


def refusal(sesv2: Any, **change: Any) -> tuple[str, int] | None:
    """Its type and status; None if the letter was taken."""
    try:
        sesv2.send_email(**raw_letter(**change))
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
    return None
