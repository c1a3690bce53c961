"""AWS credentials as botocore finds them, looked for again now and then: it reads those that stand in a file once, and
somebody puts others there when these expire or are replaced.
"""

from __future__ import annotations

from typing import Final

from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

TROUBLE: Final = (BotoCoreError, ClientError, OSError, ValueError)
"""What looking for them raises, and opening a client: files are read for it, programs run, and STS is asked for the
keys of a role; an endpoint that is no address is a ValueError.
"""
LOOK_SECONDS: Final = 60.0
"""How often they are asked for: botocore renews those of a role 15 minutes before they expire."""
_IN_FILES: Final = frozenset({"shared-credentials-file", "config-file"})


def session_now(session: Session) -> Session:
    """The same, or another one if other credentials stand in the file by now. Raises any of `TROUBLE`."""
    known = session.get_credentials()
    if known is None or known.method not in _IN_FILES:
        return session
    anew = Session()
    found = anew.get_credentials()
    is_known = found is not None and found.get_frozen_credentials() == known.get_frozen_credentials()
    return session if is_known else anew
