"""The worker's shadow: it sees what the active model sees, and changes nothing of what that decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.errors import ArtifactsUnavailable, LedgerUnavailable, NoOpenDay
from core.frame import Image
from core.inspection import Batch, Recorded
from core.ports import Detector
from core.product import BundleRef, ModelVersion
from core.shadow import OpenShadow, Seen, Shadow, ShadowKind
from core.verdict import Decision, ScoreMap, Threshold
from tests.worker.in_memory_line import NOON, GreyDetector, Line, at_once, frame, png
from worker.model_slot import once_per_version
from worker.shadowing import Put, Shadowing

STRICT = Threshold(0.1, 0.2)
"""The candidate's: what the line's own model calls OK, it rejects."""


@dataclass
class Fails:
    """A detector that no picture survives."""

    engine: str = "fails"

    def score(self, images: Sequence[Image]) -> list[ScoreMap]:
        raise RuntimeError("no memory left")


class Away(MemoryLedger):
    """Its shadow runs cannot be read."""

    def open_shadows(self) -> Sequence[OpenShadow]:
        raise LedgerUnavailable("test")


def begin(line: Line, detector: Detector, ledger: MemoryLedger | None = None, put: Put | None = None) -> Shadowing:
    """A candidate in the shadow of the line's product."""
    sha256 = "c" * 64
    line.detectors[sha256] = detector
    version = line.ledger.register("disc", BundleRef("memory:bundle.json", sha256), STRICT, NOON, "test")
    until = NOON + timedelta(days=1)
    line.ledger.begin_shadow(Shadow(0, "disc", ShadowKind.CANDIDATE, version.id, 1, NOON, until, 100))
    return Shadowing(ledger or line.ledger, line.load, line.clock.monotonic, at_once, put or line.artifacts.put)


@pytest.fixture
def line() -> Line:
    """Three frames wait: two good ones, one that the active model rejects."""
    made = Line()
    made.promote()
    made.publish(*(frame(number, content=png(grey)) for number, grey in enumerate((20, 40, 200))))
    return made


def decisions(line: Line) -> list[Decision]:
    return [result.decision for result in line.ledger.results.values()]


def test_the_shadow_scores_every_frame_once_and_decides_nothing(line: Line) -> None:
    """Its disagreements are kept with both scores."""
    shadow = begin(line, GreyDetector())
    line.work(line.bench(shadow=shadow))
    assert decisions(line) == [Decision.OK, Decision.OK, Decision.NG]
    (found,) = line.ledger.open_shadows()
    assert (found.shadow.seen, found.shadow.active_rejected, found.shadow.shadow_rejected) == (3, 1, 2)
    (one,) = line.ledger.disagreements(found.shadow.id, 10)
    assert (one.part.frame_id.sequence, one.active_decision, one.shadow_decision) == (1, "OK", "REVIEW")
    assert one.active_score == one.shadow_score


def test_a_shadow_that_fails_costs_no_verdict(line: Line) -> None:
    """It has seen nothing."""
    line.work(line.bench(shadow=begin(line, Fails())))
    assert decisions(line) == [Decision.OK, Decision.OK, Decision.NG]
    assert line.ledger.open_shadows()[0].shadow.seen == 0


def test_while_shadow_runs_cannot_be_read_the_line_goes_on(line: Line) -> None:
    """Without one."""
    line.work(line.bench(shadow=begin(line, GreyDetector(), Away())))
    assert decisions(line) == [Decision.OK, Decision.OK, Decision.NG]


def test_a_batch_that_was_not_recorded_is_not_counted(line: Line) -> None:
    """It is judged again, and counts then."""

    class RefusesOnce(MemoryLedger):
        refusals = 1

        def record(self, batch: Batch) -> Recorded:
            if self.refusals:
                self.refusals -= 1
                raise NoOpenDay("midnight")
            return line.ledger.record(batch)

    line.work(line.bench(shadow=begin(line, GreyDetector()), ledger=RefusesOnce()))
    assert line.ledger.open_shadows()[0].shadow.seen == 3


def test_a_shadow_that_has_seen_enough_sees_no_more(line: Line) -> None:
    """Though nobody has settled it yet."""
    shadow = begin(line, GreyDetector())
    (one,) = line.ledger.open_shadows()
    line.ledger.note_seen([Seen(one.shadow.id, 100, 0, 0)], [])
    line.work(line.bench(shadow=shadow))
    assert line.ledger.open_shadows()[0].shadow.seen == 100


def test_the_shadow_scores_only_what_is_recorded(line: Line) -> None:
    """A deadline is kept with a shadow as without one."""

    @dataclass
    class Slow(GreyDetector):
        """Notes how many rows there are while it scores."""

        rows: tuple[int, ...] = ()

        def score(self, images: Sequence[Image]) -> list[ScoreMap]:
            self.rows += (len(line.ledger.results),)
            return super().score(images)

    detector = Slow()
    line.work(line.bench(shadow=begin(line, detector)))
    assert detector.rows == (3,)


def test_of_a_batch_too_large_to_remember_the_shadow_sees_the_first(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The verdicts are all there."""
    monkeypatch.setattr("worker.shadowing.MOST_BYTES", 2 * 8 * 8 * 3)
    line.work(line.bench(shadow=begin(line, GreyDetector())))
    assert (len(decisions(line)), line.ledger.open_shadows()[0].shadow.seen) == (3, 2)


def test_a_store_that_is_away_for_a_moment_delays_the_shadow(line: Line) -> None:
    """Its bundle is asked for again at the next look."""
    shadow = begin(line, GreyDetector())
    load, tries = shadow.load, 0

    def away_at_first(model: ModelVersion) -> Detector:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ArtifactsUnavailable("test")
        return load(model)

    shadow.load = away_at_first
    line.work(line.bench(shadow=shadow))
    assert line.ledger.open_shadows()[0].shadow.seen == 0
    line.clock.seconds += 3
    line.publish(frame(3, content=png(20)))
    line.work(line.bench(shadow=shadow))
    assert line.ledger.open_shadows()[0].shadow.seen == 1


def test_a_model_is_never_held_beside_itself(line: Line) -> None:
    """Right after a promotion the earlier model judges until the new one is loaded: its own verdicts say nothing."""
    (earlier,) = line.ledger.versions
    until = NOON + timedelta(days=1)
    line.ledger.begin_shadow(Shadow(0, "disc", ShadowKind.EARLIER, earlier.id, 1, NOON, until, 100))
    line.work(line.bench(shadow=Shadowing(line.ledger, line.load, line.clock.monotonic, at_once)))
    assert len(decisions(line)) == 3
    assert line.ledger.open_shadows()[0].shadow.seen == 0
    line.promote()
    line.clock.seconds += 3
    line.publish(frame(3, content=png(20)))
    line.work(line.bench(shadow=Shadowing(line.ledger, line.load, line.clock.monotonic, at_once)))
    assert line.ledger.open_shadows()[0].shadow.seen == 1


def test_a_part_that_the_line_called_good_and_the_candidate_does_not_can_be_looked_at(line: Line) -> None:
    """Of most good parts no picture is kept: of this one it is, as the camera sent it."""
    line.work(line.bench(shadow=begin(line, GreyDetector())))
    (one,) = line.ledger.disagreements(1, 10)
    assert line.artifacts.get(one.frame_uri) == png(40)


def test_where_no_picture_can_be_kept_the_disagreement_is(line: Line) -> None:
    """Without one; the line does not wait for the store."""

    def away(name: str, content: bytes) -> str:
        raise ArtifactsUnavailable("test")

    line.work(line.bench(shadow=begin(line, GreyDetector(), put=away)))
    (one,) = line.ledger.disagreements(1, 10)
    assert (one.frame_uri, line.ledger.open_shadows()[0].shadow.seen) == ("", 3)


def test_the_shadow_takes_the_faster_engine_too_when_its_graph_is_there(line: Line) -> None:
    """As the model that judges does; the slower one goes on until the other is loaded."""
    shadow = begin(line, GreyDetector())
    engines: list[str] = []

    @dataclass
    class Told(GreyDetector):
        """Says which engine scored."""

        def score(self, images: Sequence[Image]) -> list[ScoreMap]:
            engines.append(self.engine)
            return super().score(images)

    loads = iter([Told("reference"), Told("compiled")])
    shadow.load = lambda _: next(loads)
    is_compiled = False
    shadow.is_better_ready = once_per_version(lambda _, detector: is_compiled and detector.engine == "reference")
    line.work(line.bench(shadow=shadow))
    is_compiled = True
    for number in (3, 4):
        line.clock.seconds += 3
        line.publish(frame(number, content=png(20)))
        line.work(line.bench(shadow=shadow))
    assert engines == ["reference", "reference", "compiled"]
    assert line.ledger.open_shadows()[0].shadow.seen == 5


def test_a_faster_engine_that_cannot_be_loaded_leaves_the_shadow_as_it_is(line: Line) -> None:
    """It is not tried again."""
    shadow = begin(line, GreyDetector())
    load, tries = shadow.load, 0

    def only_once(model: ModelVersion) -> Detector:
        nonlocal tries
        tries += 1
        if tries > 1:
            raise RuntimeError("not enough memory")
        return load(model)

    shadow.load = only_once
    shadow.is_better_ready = once_per_version(lambda _, __: True)
    for number in (3, 4, 5):
        line.work(line.bench(shadow=shadow))
        line.clock.seconds += 3
        line.publish(frame(number, content=png(20)))
    line.work(line.bench(shadow=shadow))
    assert tries == 2
    assert line.ledger.open_shadows()[0].shadow.seen == 6
