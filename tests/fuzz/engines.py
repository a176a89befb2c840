"""Where the decisions of a fuzzing run come from: a seed alone, or a fuzzer that follows which code they reach."""

import importlib.util
import random
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

BYTES_PER_MESSAGE = 240
FIRST_INPUTS = 64
SECONDS_PER_MESSAGE = 60

Attempt = Callable[[int, bytes], None]
"""Makes the message of this number from these bytes and sends it; raises AssertionError for a broken promise."""


def is_atheris_here() -> bool:
    """Whether the coverage-guided fuzzer is installed."""
    return importlib.util.find_spec("atheris") is not None


def from_seed(attempt: Attempt, messages: int, seed: int) -> None:
    """Independent messages; number and seed make each of them again."""
    source = random.Random(seed)
    for number in range(messages):
        decisions = source.randbytes(BYTES_PER_MESSAGE)
        try:
            attempt(number, decisions)
        except BaseException as error:
            error.add_note(f"message {number} of seed {seed}, decided by {decisions.hex()}")
            raise


def guided(attempt: Attempt, messages: int, seed: int, at_the_end: Callable[[], None]) -> None:
    """Messages that grow from those which reached new code. It never returns: libFuzzer ends the process.

    A broken promise ends it with a traceback, exit code 77, and the decisions in `crash-...` in the temporary folder.
    """
    import atheris

    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        source = random.Random(seed)
        for number in range(FIRST_INPUTS):
            (Path(folder) / f"{number:02d}").write_bytes(source.randbytes(BYTES_PER_MESSAGE))
        told: dict[str, object] = {
            "runs": messages,
            "seed": seed,
            "max_len": 2 * BYTES_PER_MESSAGE,
            "timeout": SECONDS_PER_MESSAGE,
            "artifact_prefix": f"{tempfile.gettempdir()}/",
            "verbosity": 0,
        }
        atheris.Setup(
            [sys.argv[0], *(f"-{name}={value}" for name, value in told.items()), folder],
            _counting(attempt, messages, at_the_end),
        )
        atheris.Fuzz()


def _counting(attempt: Attempt, messages: int, at_the_end: Callable[[], None]) -> Callable[[bytes], None]:
    done = [0]

    def one(decisions: bytes) -> None:
        attempt(done[0], decisions)
        done[0] += 1
        if done[0] == messages:
            at_the_end()

    return one
