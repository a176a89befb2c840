"""`python -m tests.fuzz --messages 10000 --seed 1`: hostile messages through a whole line of twins, all accounted for.

Exit code 0 only if no message crashed anything, memory stayed within its limit, and each ended as exactly one row.
"""

import argparse
import logging
import sys
from contextlib import nullcontext

import structlog

from tests.fuzz.engines import from_seed, guided, is_atheris_here

INSTRUMENTED = ["core", "worker", "model.image_header", "model.images"]


def main() -> int:
    """Read the command line and fuzz."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--messages", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engine", choices=("auto", "atheris", "seed"), default="auto")
    chosen = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    if chosen.engine == "atheris" and not is_atheris_here():
        parser.error("the package atheris is missing: pip install -c constraints.txt atheris")
    fuzz(chosen.messages, chosen.seed, is_atheris_here() if chosen.engine == "auto" else chosen.engine == "atheris")
    return 0


def fuzz(messages: int, seed: int, follow_coverage: bool) -> None:
    """Run one engine to its end and print the account."""
    # What is to be followed is imported here for the first time, and not earlier.
    with _followed() if follow_coverage else nullcontext():
        from tests.fuzz.choices import Choices
        from tests.fuzz.hostile_line import HostileLine
        from tests.fuzz.messages import message
    line = HostileLine()

    def attempt(number: int, decisions: bytes) -> None:
        line.send(message(number, Choices(decisions)))

    def tell() -> None:
        engine = "guided by coverage (atheris)" if follow_coverage else "from the seed alone"
        print(f"seed {seed}, {engine}: {line.report()}", flush=True)

    if follow_coverage:
        guided(attempt, messages, seed, tell)
    from_seed(attempt, messages, seed)
    tell()


def _followed() -> "object":
    import atheris

    return atheris.instrument_imports(include=INSTRUMENTED, enable_loader_override=False)


if __name__ == "__main__":
    sys.exit(main())
