"""UnreviewedParts: what the line called good and nobody looked at."""

from dataclasses import replace
from datetime import timedelta

import pytest

from core.frame import FrameHeader, sha256_of
from core.inspection import NOT_KEPT, Evidence
from core.retraining import LearnedPart, Origin, SeenScore, Use
from core.review import Judgement, Opinion, PartKey
from core.verdict import Decision
from tests.contracts.ledgers import TODAY, Ledger, batch, frame, inspected

pytestmark = pytest.mark.server

SOON = TODAY + timedelta(seconds=5)


def header(sequence: int) -> FrameHeader:
    return replace(frame(sequence), sha256=sha256_of(b"%d" % sequence), captured_at=TODAY + timedelta(seconds=sequence))


def record(ledger: Ledger, sequence: int, decision: Decision = Decision.OK, kept: bool = True) -> FrameHeader:
    evidence = Evidence(f"memory:{sequence}", "") if kept else NOT_KEPT
    ledger.record(batch(replace(inspected(header(sequence), decision), evidence=evidence), first=sequence))
    return header(sequence)


def test_kept_good_parts_of_the_time_that_nobody_reviewed_are_found_oldest_first(ledger: Ledger) -> None:
    """Not what was rejected, not kept, reviewed in any way, or of another time or product."""
    wanted = [record(ledger, sequence) for sequence in (0, 1)]
    record(ledger, 2, Decision.NG)
    record(ledger, 3, kept=False)
    reviewed = record(ledger, 4)
    ledger.add_review(PartKey(reviewed.captured_at, reviewed.id), Opinion(Judgement.UNSURE), 0, SOON, "ada")
    record(ledger, 5)
    found = ledger.unreviewed_good("ballscrew", TODAY, SOON)
    assert found == [
        LearnedPart(
            one.sha256,
            f"memory:{one.id.sequence}",
            one.captured_at,
            one.lot,
            one.id.camera,
            Origin.AUTOMATIC,
            Use.TRAIN,
        )
        for one in wanted
    ]
    assert ledger.unreviewed_good("nut", TODAY, SOON) == []


def test_a_versions_newest_scores_are_found_oldest_first(ledger: Ledger) -> None:
    """As many as asked for; of this version and product alone."""
    recorded = [record(ledger, sequence) for sequence in range(3)]
    newest = [SeenScore(one.captured_at, one.id.camera, one.lot, 0.1) for one in recorded[1:]]
    assert ledger.recent_scores("ballscrew", 1, 2) == newest
    assert ledger.recent_scores("ballscrew", 2, 10) == ledger.recent_scores("nut", 1, 10) == []
