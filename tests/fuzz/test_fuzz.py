"""Hostile messages through a whole line: nothing crashes, memory stays bounded, each ends as exactly one row."""

import random
import subprocess
import sys
from dataclasses import replace

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.inspection import Batch, Recorded, Refusal
from tests.fuzz.choices import Choices
from tests.fuzz.engines import from_seed, is_atheris_here
from tests.fuzz.hostile_line import HostileLine
from tests.fuzz.messages import message
from tests.worker.in_memory_line import Line

SEED = 1
EXPECTED = {
    "REVIEW",
    "undecodable",
    "content does not match its header",
    "envelope not trusted",
    "dropped",
    "too large",
}


def sent(messages: int, line: HostileLine) -> HostileLine:
    from_seed(lambda number, decisions: line.send(message(number, Choices(decisions))), messages, SEED)
    return line


def test_every_hostile_message_ends_as_one_row() -> None:
    """And they reach every station of the way: some are refused, some decoded, some judged."""
    line = sent(600, HostileLine())
    assert line.sent == 600
    assert set(line.outcomes) >= EXPECTED


class ForgetfulLedger(MemoryLedger):
    """Leaves out what could not be trusted."""

    def record(self, batch: Batch) -> Recorded:
        trusted = tuple(one for one in batch.results if not isinstance(one, Refusal))
        return super().record(replace(batch, results=trusted))


def test_the_account_notices_a_message_without_a_row() -> None:
    """A line that forgets some of them would be found out."""
    with pytest.raises(AssertionError, match="not accounted for"):
        sent(100, HostileLine(lambda: Line(ledger=ForgetfulLedger())))


def test_a_message_can_be_made_again_from_its_decisions() -> None:
    """What a run found is found again."""
    decisions = random.Random(SEED).randbytes(200)
    assert message(7, Choices(decisions)) == message(7, Choices(decisions))


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["seed", "atheris"])
def test_the_command_accounts_for_every_message(engine: str) -> None:
    """As a process of its own, by the seed alone and guided by coverage."""
    if engine == "atheris" and not is_atheris_here():
        pytest.skip("no coverage-guided fuzzer here: pip install -c constraints.txt atheris")
    command = [sys.executable, "-m", "tests.fuzz", "--messages", "2000", "--seed", "2", "--engine", engine]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "2000 messages, each one row" in done.stdout
