"""The simulated account with everything in it: one object that the calls read and change."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass, field
from typing import Final

from couvert.simulator.bucket import DailyQuota, TokenBucket
from couvert.simulator.errors import AwsError
from couvert.simulator.faults import Faults
from couvert.simulator.mails import KEPT_BY_DEFAULT, Mail, Mails, Rates
from couvert.simulator.notices.publisher import Publisher
from couvert.simulator.setup import ACCOUNT, EventDestination, Setup
from couvert.simulator.sns.service import Sns
from couvert.simulator.sqs.queues import Queues

DEFAULT_SET: Final = "couvert"
DEFAULT_TOPIC: Final = "couvert-notices"


@dataclass(frozen=True)
class Options:
    """What it starts with, and what `reset` goes back to."""

    rate: float = 14.0
    """Recipients per second; 14 is what an account has when it leaves SES's sandbox."""
    burst: float | None = None
    """Recipients at once after a pause; None: as many as in one second."""
    daily_quota: float = 50_000.0
    region: str = "us-east-1"
    secrets: dict[str, str] = field(default_factory=dict)
    """By access key id; with any, signatures are verified."""
    identities: tuple[str, ...] = ()
    configuration_sets: tuple[str, ...] = (DEFAULT_SET,)
    tenants: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()
    """URLs that get the notices as SNS posts them, once they confirmed."""
    queues: tuple[str, ...] = ()
    """Queues that get the notices in SNS's envelope."""
    raw_queues: tuple[str, ...] = ()
    """Queues that get them bare."""
    signature_version: str = "1"
    """SNS's: 1 is RSA with SHA-1, 2 with SHA-256."""
    kept: int = KEPT_BY_DEFAULT
    faults: Faults = field(default_factory=Faults)


class World:
    def __init__(self, options: Options) -> None:
        self.options = options
        self.url = ""
        """Where it is reached; known once it listens."""
        self.sns = Sns(self)
        self.publisher = Publisher(self)
        self.reset()

    def reset(self) -> None:
        """As it was at the start, with nothing taken."""
        options = self.options
        self.publisher.clear()
        self.sns.clear()
        self.faults = Faults()
        self.mails, self.rates = Mails(options.kept), Rates()
        self.queues = Queues(self)
        self.setup = Setup(options.region, dict.fromkeys(options.identities, True), tenants=set(options.tenants))
        self.bucket = TokenBucket(options.rate, self.burst, time.monotonic())
        self.quota = DailyQuota(options.daily_quota)
        self.change(copy.deepcopy(options.faults))

    def subscribe(self) -> None:
        """Everybody whom the options name; done once it listens, for then they can confirm."""
        options = self.options
        topic = self.sns.topics.create(self.setup.arn("sns", DEFAULT_TOPIC), options.signature_version)
        for name in options.configuration_sets:
            self.setup.configuration_sets[name] = {"couvert": EventDestination("couvert", topic.arn)}
        for name in (*options.queues, *options.raw_queues):
            queue = self.queues.create(name)
            self.sns.subscribe(topic, "sqs", queue.arn, is_raw=name in options.raw_queues)
        for url in options.notify:
            self.sns.subscribe(topic, url.partition(":")[0], url)

    @property
    def rate(self) -> float:
        return self.faults.rate or self.options.rate

    @property
    def burst(self) -> float:
        return self.faults.burst or self.options.burst or max(self.rate, 1.0)

    def allow(self, right: str, error_type: str = "AccessDeniedException") -> None:
        """Refuse what the faults take from the caller, as IAM does."""
        if right in self.faults.denied:
            user = f"arn:aws:iam::{ACCOUNT}:user/simulator"
            words = f"User: {user} is not authorized to perform: {right}"
            raise AwsError(error_type, f"{words} because no identity-based policy allows the {right} action", 403)

    def change(self, faults: Faults) -> None:
        self.faults = faults
        self.bucket.change(self.rate, self.burst, time.monotonic())
        self.quota.most = self.options.daily_quota if faults.daily_quota is None else faults.daily_quota

    def pace(self, recipients: int) -> None:
        """Let so many through, or say why not."""
        now = time.monotonic()
        if not self.quota.has_room(now):
            raise AwsError(self.faults.quota_error, "Daily message quota exceeded.")
        passes = self.bucket.take(recipients, now)
        self.rates.note(recipients, time.time(), passes=passes)
        if not passes:
            raise AwsError("TooManyRequestsException")
        self.quota.add(recipients, now)

    def take(self, mail: Mail) -> None:
        self.mails.add(mail)
        self.publisher.take(mail)
