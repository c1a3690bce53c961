"""Workers as child processes: started with a fault, followed step by step, killed, frozen and thawed."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from tests.crash.ledger import Ledger
from tests.crash.until import until

PROGRAM = Path(__file__).with_name("worker.py")


class Worker:
    def __init__(self, directory: Path, settings: dict[str, str], *arguments: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, str(PROGRAM), "--data", str(directory), *arguments],
            stdout=subprocess.PIPE,
            text=True,
            cwd=directory,
            env=environment(settings),
        )
        self._steps: dict[str, list[int]] = defaultdict(list)
        self._reader = threading.Thread(target=self._follow)
        self._reader.start()

    def passed(self, step: str) -> list[int]:
        """The deliveries that passed the step, in order."""
        return list(self._steps[step])

    def await_step(self, step: str, times: int = 1) -> None:
        until(lambda: len(self._steps[step]) >= times, f"{step} was passed {times} times")

    def await_death(self) -> int:
        """The exit code, or minus the signal that ended it."""
        code = self._child.wait(60)
        self._reader.join()
        return code

    def await_freeze(self) -> None:
        wanted = os.WSTOPPED | os.WNOHANG | os.WNOWAIT
        until(lambda: os.waitid(os.P_PID, self._child.pid, wanted), "the worker stands still")

    def freeze(self, ledger: Ledger) -> None:
        """Not amid a transaction: that would keep the others from the file, and show nothing."""
        self._child.send_signal(signal.SIGSTOP)
        self.await_freeze()
        while ledger.is_locked():
            self.thaw()
            time.sleep(0.01)
            self._child.send_signal(signal.SIGSTOP)
            self.await_freeze()

    def thaw(self) -> None:
        self._child.send_signal(signal.SIGCONT)

    def stop(self) -> int:
        """As an operator does; it ends what it has in hand."""
        self._child.terminate()
        return self.await_death()

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            self._child.kill()
        self.await_death()
        assert self._child.stdout is not None
        self._child.stdout.close()

    def _follow(self) -> None:
        assert self._child.stdout is not None
        for line in self._child.stdout:
            step, _, delivery_id = line.partition(" ")
            self._steps[step].append(int(delivery_id))


def environment(settings: dict[str, str]) -> dict[str, str]:
    """Nothing of what this shell sets for a couvert of its own."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("COUVERT_")}
    return inherited | {f"COUVERT_{name}": value for name, value in settings.items()}
