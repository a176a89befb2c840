"""Nights behind a line: what the gate measured, and a candidate that looked on and disagreed."""

from dataclasses import replace
from datetime import timedelta

from core.frame import FrameId
from core.retraining import RunState, TrainingRun
from core.review import PartKey
from core.shadow import Disagreement, Seen, Shadow, ShadowKind
from core.verdict import Decision, judge
from dashboard.read_models import Judgement, Part
from dashboard.story.read_models import DefectFilter, newest_parts
from line.seed.parts import THRESHOLD, Seeded

LOOSER = 0.6
"""What the candidate makes of a part: so much of the active model's score."""


def seed_nights(line: Seeded, incumbent: int, candidate: int, nights: int = 9) -> TrainingRun:
    """One run a night; the last is that of `candidate`, which is in the shadow."""
    for back in range(nights, 0, -1):
        began = line.now - timedelta(days=back)
        run = line.ledger.begin_run("gear", str(began.date()), began, "station", "nightly")
        share = (nights - back) / nights
        before, after = _figures(share, 0.95), _figures(share, 0.9 if back % 4 == 2 else 1.0)
        state = RunState.REFUSED if back % 4 == 2 else RunState.PROMOTED
        last = {"incumbent_id": incumbent, "candidate_id": candidate} if back == 1 else {}
        state = RunState.SHADOWING if back == 1 else state
        done = replace(run, state=state, before=before, after=after, outcome="seeded", **last)
        line.ledger.save_run(done)
    return done


def _figures(share: float, factor: float) -> dict[str, float]:
    return {
        "confirmed defects": 31.0, "confirmed defects missed": round(3 * (1 - share) + 20 * (1 - factor)),
        "held-out good parts": 60.0, "held-out good parts rejected": round(3 - 2 * share),
        "milliseconds per image": 40 + 4 * share, "golden image AUROC": round((0.93 + 0.05 * share) * factor, 4),
    }  # fmt: skip


def seed_disagreements(line: Seeded, run: TrainingRun) -> list[Part]:
    """A shadow run over the newest seeded parts; returns those of which the candidate says OK, newest first."""
    rejected = (Decision.NG, Decision.REVIEW)
    parts = newest_parts(line.ledger.engine, DefectFilter(rejected, "gear"), None, 60)
    assert run.candidate_id is not None
    until = line.now + timedelta(hours=24)
    shadow = line.ledger.begin_shadow(
        Shadow(0, "gear", ShadowKind.CANDIDATE, run.candidate_id, run.id, run.began_at, until, 200)
    )
    differ = [part for part in parts if part.frame_uri and _other(part) < THRESHOLD.review_from]
    line.ledger.note_seen(
        [Seen(shadow.id, 120, len(parts), len(parts) - len(differ))],
        [_disagreement(shadow, part) for part in differ],
    )
    return differ


def _other(part: Part) -> float:
    assert isinstance(part.outcome, Judgement)
    return LOOSER * part.outcome.score


def _disagreement(shadow: Shadow, part: Part) -> Disagreement:
    assert isinstance(part.outcome, Judgement)
    key = PartKey(part.key.captured_at, FrameId(part.key.camera, part.key.start_id, part.key.sequence))
    other = _other(part)
    said = judge(other, THRESHOLD).decision.value
    return Disagreement(shadow.id, key, part.decision.value, part.outcome.score, said, other, part.frame_uri)
