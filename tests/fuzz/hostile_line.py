"""A whole line of twins that is sent hostile messages, and the account it must give of each."""

import resource
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from core.errors import ContentMismatch, EnvelopeRefused
from core.frame import ClaimedFrame, Frame
from core.inspection import Failure, OpenDays, Position, Refusal, Result
from core.verdict_message import key_of, to_verdict_message
from core.wire import Record, from_record
from model.images import decode
from tests.fuzz.messages import PICTURES, claimed_at
from tests.worker.in_memory_line import Line
from worker.loop import Bench

BLOCK = 500
"""Messages after which the twins are made anew: they keep everything, and what they keep is not what is measured."""

MEMORY_LIMIT_MB = 600
"""What the process may grow by: one picture of the largest size decoded and judged as four arrays, and some air."""

OPEN = OpenDays(date(2026, 11, 17), date(2026, 12, 8))
Key = tuple[str, str, int]


@dataclass
class HostileLine:
    """Sends message after message through bus, opening, judging and ledger; raises AssertionError at the first lie."""

    new_line: Callable[[], Line] = Line
    outcomes: Counter[str] = field(default_factory=Counter)
    sent: int = 0
    start_mb: float = 0.0
    peak_mb: float = 0.0

    def __post_init__(self) -> None:
        self.start_mb = _memory_mb()
        self._begin_anew()

    def send(self, record: Record) -> None:
        """One message, from the bus to its row."""
        position = self._line.bus.publish(record).result()
        self._line.work(self._bench, rounds=3)
        self._check(record, position)
        self.sent += 1
        self._watch_memory()
        if self.sent % BLOCK == 0:
            self._begin_anew()

    def report(self) -> str:
        """What became of the messages, one line each."""
        lines = [f"{self.sent} messages, each one row; memory grew by {self.peak_mb - self.start_mb:.0f} MB at most"]
        return "\n".join([*lines, *(f"{count:7} {name}" for name, count in self.outcomes.most_common())])

    def _begin_anew(self) -> None:
        self._line = self.new_line()
        self._line.ledger.days = OPEN
        self._line.promote()
        self._line.artifacts.contents |= {claimed_at(suffix): content for suffix, content in PICTURES}
        self._bench: Bench = replace(self._line.bench(), decode=decode)
        self._keys: set[Key] = set()

    def _check(self, record: Record, position: Position) -> None:
        key = expected_key(record, position, self._line.artifacts.contents)
        repeated = key in self._keys
        self._keys.add(key)
        results = self._line.ledger.results
        assert set(results) == self._keys, f"rows {set(results) ^ self._keys} are not accounted for"
        assert self._line.bus.waiting() == 0
        result = results[key]
        assert key_of(result) == key
        self._check_row(result)
        self._check_kept(record, result, repeated)
        self.outcomes["repeated" if repeated else str(getattr(result, "reason", result.decision))] += 1

    def _check_row(self, result: Result) -> None:
        """What Postgres and a page would choke on stands in no text that a stranger chose."""
        if isinstance(result, Failure | Refusal):
            assert result.detail.isprintable()
            assert len(result.detail) <= 500
        to_verdict_message(result).encode()

    def _check_kept(self, record: Record, result: Result, repeated: bool) -> None:
        """A record that nobody can judge waits, as it came, for somebody to look at it."""
        is_claim = ("kind", b"claim") in record.headers  # what is kept then is what it claims
        if repeated or is_claim or not record.value or not isinstance(result, Failure | Refusal):
            return
        if isinstance(result, Refusal) or result.quarantined:
            assert self._line.artifacts.get(result.evidence.frame_uri) == record.value

    def _watch_memory(self) -> None:
        self.peak_mb = max(self.peak_mb, _memory_mb())
        assert self.peak_mb - self.start_mb < MEMORY_LIMIT_MB, f"grew to {self.peak_mb:.0f} MB"


def expected_key(record: Record, position: Position, stored: Mapping[str, bytes]) -> Key:
    """The name its row must have: what it says where content and envelope are whole, else its place on the bus."""
    try:
        arrived = from_record(record)
        if isinstance(arrived, ClaimedFrame) and arrived.uri in stored and arrived.header.captured_at in OPEN:
            Frame(arrived.header, stored[arrived.uri])
    except (EnvelopeRefused, ContentMismatch):
        return (f"?{position.topic}", str(position.partition), position.offset)
    frame = arrived.header.id
    return (frame.camera, frame.start_id, frame.sequence)


def _memory_mb() -> float:
    """The most that this process has ever held: what was let go again is counted, too."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
