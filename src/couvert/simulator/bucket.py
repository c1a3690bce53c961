"""How many recipients may still be handed over: this second, and these 24 hours."""

from __future__ import annotations

from collections import deque

DAY_SECONDS = 86_400.0


class TokenBucket:
    """Counted in recipients. As SES has it, a call passes while anything is left, and may leave a debt."""

    def __init__(self, rate: float, burst: float, now: float) -> None:
        self._tokens = burst
        self._filled_at = now
        self.rate = rate
        self.burst = burst

    def take(self, recipients: int, now: float) -> bool:
        self._fill(now)
        if self._tokens < 1:
            return False
        self._tokens -= recipients
        return True

    def change(self, rate: float, burst: float, now: float) -> None:
        self._fill(now)
        self.rate, self.burst = rate, burst
        self._tokens = min(self._tokens, burst)

    def _fill(self, now: float) -> None:
        self._tokens = min(self.burst, self._tokens + (now - self._filled_at) * self.rate)
        self._filled_at = now


class DailyQuota:
    """Recipients of the last 24 hours, to the second."""

    def __init__(self, most: float) -> None:
        self.most = most
        """-1: no end."""
        self._seconds: deque[tuple[int, int]] = deque()
        self._sent = 0

    def has_room(self, now: float) -> bool:
        return self.most < 0 or self.sent(now) < self.most

    def add(self, recipients: int, now: float) -> None:
        self._sent += recipients
        if self._seconds and self._seconds[-1][0] == int(now):
            recipients += self._seconds.pop()[1]
        self._seconds.append((int(now), recipients))

    def sent(self, now: float) -> int:
        while self._seconds and self._seconds[0][0] <= now - DAY_SECONDS:
            self._sent -= self._seconds.popleft()[1]
        return self._sent
