"""How often chance is tried, and with which dice: `CRASH_ROUNDS=100 CRASH_SEED=7` for a night."""

import os
import random

ROUNDS = int(os.environ.get("CRASH_ROUNDS", "6"))


def dice() -> random.Random:
    """The same throws for every test of a run."""
    return random.Random(int(os.environ.get("CRASH_SEED", "1")))
