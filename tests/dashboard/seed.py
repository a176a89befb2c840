"""The seeded line that the tests beside this file look at."""

from line.seed.parts import CAMERAS, START, Seeded, next_part, parts_now, seed_day, seed_parts
from line.seed.stations import seed_workers, stale_tile, training

__all__ = [
    "CAMERAS", "START", "Seeded", "next_part", "parts_now", "seed_day", "seed_parts", "seed_workers", "stale_tile",
    "training",
]  # fmt: skip
