"""Makes the same signed call again and again, with nothing around it: what every mail costs at least.

Run: python -m bench.beside.bare_ses_call URL MAILS      (prints JSON; credentials as AWS's own settings have them)
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import uvloop

from bench.beside.bare_hand_over import Always, message
from couvert.delivery.transport import Taken
from couvert.delivery.transports.ses import SesAccount, SesTransport, ses_from_url
from couvert.domain.pace import AccountLimits


async def main(url: str, mails: int) -> None:
    options = ses_from_url("ses://eu-central-1", url)
    transport, prebuilt, clearance = SesTransport(SesAccount(options, AccountLimits(14)), options), message(), Always()

    async def worker(share: int) -> None:
        for _ in range(share):
            channel = await transport.channel()
            outcome = await channel.hand_over(prebuilt, clearance)
            assert isinstance(outcome, Taken), outcome

    async def on_all(share: int) -> None:
        await asyncio.gather(*(worker(share) for _ in range(options.connections)))

    await on_all(1)
    share = mails // options.connections
    started_at, cpu_before = time.perf_counter(), time.process_time()
    await on_all(share)
    cpu, seconds = time.process_time() - cpu_before, time.perf_counter() - started_at
    await transport.close()
    done = share * options.connections
    print(json.dumps({"cpu_us": cpu / done * 1e6, "per_second": done / seconds}))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
