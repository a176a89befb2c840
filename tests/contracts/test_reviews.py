"""What every ledger promises about reviews and golden parts: one body for the twin and for Postgres."""

from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from core.access import Person, Role
from core.adapters.ledger import PostgresLedger
from core.adapters.schema import audit
from core.errors import AccessDenied, ReviewConflict, UnknownPart
from core.frame import sha256_of
from core.inspection import Evidence
from core.review import GoldenPart, Judgement, Opinion, PartKey, is_golden_by_hash
from core.review_service import judge_part, take_back
from core.verdict import Decision
from tests.contracts.ledgers import TODAY, Ledger, batch, frame, inspected

ADA = Person("ada", frozenset({Role.OPERATOR}))
GOOD = Opinion(Judgement.GOOD)
SCRATCH = Opinion(Judgement.DEFECT, "scratch", b"a mask")
GOLDEN_HASH = next(sha for sha in map(sha256_of, map(bytes, range(99))) if is_golden_by_hash(sha))
LEARNED_HASH = next(sha for sha in map(sha256_of, map(bytes, range(99))) if not is_golden_by_hash(sha))


def passed(
    ledger: Ledger, sequence: int = 0, decision: Decision = Decision.NG, sha256: str = GOLDEN_HASH, kept: bool = True
) -> PartKey:
    """A part that went over the line; the ledger stands at its sequence."""
    header = replace(frame(sequence), sha256=sha256)
    result = replace(inspected(header, decision), evidence=Evidence(f"memory:{sequence}" if kept else "", ""))
    ledger.record(batch(result, first=sequence))
    return PartKey(header.captured_at, header.id)


def test_a_review_keeps_what_the_part_was(ledger: Ledger) -> None:
    """For the inspection is dropped one day."""
    part = passed(ledger)
    review = ledger.add_review(part, SCRATCH, 0, TODAY, "ada")
    assert (review.part, review.opinion, review.who, review.at) == (part, SCRATCH, "ada", TODAY)
    assert (review.product, review.lot, review.sha256, review.frame_uri) == (
        "ballscrew", "lot 7", GOLDEN_HASH, "memory:0",
    )  # fmt: skip
    assert (review.decision, review.score, review.model_version_id) == ("NG", 0.9, 1)
    assert ledger.reviews_of(part) == [review]


def test_the_second_of_two_who_saw_the_same_is_told_and_writes_nothing(ledger: Ledger) -> None:
    """Whoever has seen the newest may say otherwise."""
    part = passed(ledger)
    first = ledger.add_review(part, GOOD, 0, TODAY, "ada")
    with pytest.raises(ReviewConflict):
        ledger.settle(part, SCRATCH, 0, TODAY, "bob")
    assert ledger.reviews_of(part) == [first]
    second = ledger.settle(part, SCRATCH, first.id, TODAY, "bob")
    assert ledger.reviews_of(part) == [second, first]
    for stale in (0, first.id, second.id + 1000):
        with pytest.raises(ReviewConflict):
            ledger.add_review(part, GOOD, stale, TODAY, "ada")


def test_a_part_that_was_never_inspected_cannot_be_reviewed(ledger: Ledger) -> None:
    """Neither another frame nor another moment."""
    part = passed(ledger)
    with pytest.raises(UnknownPart):
        ledger.add_review(replace(part, captured_at=TODAY + timedelta(seconds=1)), GOOD, 0, TODAY, "ada")
    with pytest.raises(UnknownPart):
        ledger.settle(PartKey(TODAY, frame(99).id), GOOD, 0, TODAY, "ada")
    assert ledger.reviews_of(part) == []


def test_only_the_newest_review_of_a_part_stands(ledger: Ledger) -> None:
    """And accepted parts are those with a picture."""
    parts = [passed(ledger, number, kept=number != 2, sha256=sha256_of(bytes(number))) for number in range(4)]
    reviews = [ledger.add_review(part, GOOD, 0, TODAY, "ada") for part in parts[:3]]
    assert [each.part for each in ledger.accepted("ballscrew", 0)] == parts[:2]
    assert [each.part for each in ledger.accepted("ballscrew", reviews[0].id)] == parts[1:2]
    assert ledger.accepted("nut", 0) == []
    changed = ledger.add_review(parts[0], SCRATCH, reviews[0].id, TODAY, "bob")
    other = ledger.add_review(parts[3], SCRATCH, 0, TODAY, "bob")
    assert [each.part for each in ledger.accepted("ballscrew", 0)] == parts[1:2]
    assert ledger.defects("ballscrew") == [changed, other]
    ledger.add_review(parts[3], Opinion(Judgement.WITHDRAWN), other.id, TODAY, "bob")
    assert ledger.defects("ballscrew") == [changed]


def test_what_people_took_back_or_were_unsure_of_is_doubted(ledger: Ledger) -> None:
    """Until somebody says again what it is."""
    parts = [passed(ledger, number, sha256=sha256_of(bytes(number))) for number in range(3)]
    said = [ledger.add_review(part, GOOD, 0, TODAY, "ada") for part in parts]
    unsure = ledger.add_review(parts[0], Opinion(Judgement.UNSURE), said[0].id, TODAY, "bob")
    withdrawn = ledger.add_review(parts[1], Opinion(Judgement.WITHDRAWN), said[1].id, TODAY, "bob")
    assert ledger.doubted("ballscrew") == [unsure, withdrawn]
    assert ledger.doubted("nut") == []
    ledger.add_review(parts[0], GOOD, unsure.id, TODAY, "ada")
    assert ledger.doubted("ballscrew") == [withdrawn]


def test_only_an_operator_reviews(ledger: Ledger) -> None:
    """Asked in the service, whatever a page shows."""
    part = passed(ledger)
    with pytest.raises(AccessDenied):
        judge_part(Person("eve", frozenset({Role.QUALITY})), part, GOOD, 0, ledger, TODAY)
    assert ledger.reviews_of(part) == []


def test_a_confirmed_defect_is_golden_with_its_mask_until_it_is_taken_back(ledger: Ledger) -> None:
    """Undo leaves no trace in the set."""
    review = judge_part(ADA, passed(ledger), SCRATCH, 0, ledger, TODAY)
    (golden,) = ledger.golden("ballscrew")
    assert (golden.is_defect, golden.kind, golden.mask_png, golden.frame_uri) == (
        True,
        "scratch",
        b"a mask",
        "memory:0",
    )
    assert (golden.who, golden.added_at) == ("ada", TODAY)
    withdrawn = take_back(ADA, review, review.id, ledger, TODAY)
    assert withdrawn.opinion.judgement is Judgement.WITHDRAWN
    assert ledger.golden("ballscrew") == []


def test_undo_brings_back_what_another_had_said(ledger: Ledger) -> None:
    """With its mask and kind."""
    part = passed(ledger)
    first = judge_part(ADA, part, SCRATCH, 0, ledger, TODAY)
    second = judge_part(ADA, part, GOOD, first.id, ledger, TODAY)
    assert [each.is_defect for each in ledger.golden("ballscrew")] == [False]
    again = take_back(ADA, second, second.id, ledger, TODAY)
    assert (again.opinion.judgement, again.opinion.kind, again.opinion.mask_png) == (
        Judgement.DEFECT,
        "scratch",
        b"a mask",
    )
    assert [each.is_defect for each in ledger.golden("ballscrew")] == [True]


@pytest.mark.parametrize(
    ("decision", "sha256", "opinion", "kept", "golden"),
    [
        (Decision.NG, GOLDEN_HASH, GOOD, True, [False]),
        (Decision.REVIEW, GOLDEN_HASH, GOOD, True, [False]),
        (Decision.NG, LEARNED_HASH, GOOD, True, []),
        (Decision.OK, GOLDEN_HASH, GOOD, True, []),
        (Decision.OK, LEARNED_HASH, SCRATCH, True, [True]),
        (Decision.OK, GOLDEN_HASH, SCRATCH, False, []),
        (Decision.NG, GOLDEN_HASH, Opinion(Judgement.UNSURE), True, []),
    ],
)
def test_what_is_golden(
    ledger: Ledger, decision: Decision, sha256: str, opinion: Opinion, kept: bool, golden: list[bool]
) -> None:
    """Every pictured defect; of the false rejects those that their hash chooses; nothing else."""
    judge_part(ADA, passed(ledger, 0, decision, sha256, kept), opinion, 0, ledger, TODAY)
    assert [each.is_defect for each in ledger.golden("ballscrew")] == golden


def test_a_picture_stays_golden_while_another_review_of_it_stands(ledger: Ledger) -> None:
    """The same picture may come twice."""
    first = judge_part(ADA, passed(ledger, 0), SCRATCH, 0, ledger, TODAY)
    second = judge_part(ADA, passed(ledger, 1), SCRATCH, 0, ledger, TODAY)
    take_back(ADA, second, second.id, ledger, TODAY)
    assert [each.is_defect for each in ledger.golden("ballscrew")] == [True]
    take_back(ADA, first, first.id, ledger, TODAY)
    assert ledger.golden("ballscrew") == []
    judge_part(ADA, first.part, SCRATCH, ledger.reviews_of(first.part)[0].id, ledger, TODAY)
    assert [each.is_defect for each in ledger.golden("ballscrew")] == [True]


def test_no_review_takes_out_what_was_added_by_hand_nor_brings_back_what_was_retired(ledger: Ledger) -> None:
    """Both outlive the shift and are somebody else's to decide."""
    by_hand = GoldenPart(0, "ballscrew", GOLDEN_HASH, "memory:0", True, "crack", b"", TODAY, "quality", "from the lab")
    kept = ledger.add_golden(by_hand)
    assert kept == replace(by_hand, id=kept.id)
    assert ledger.add_golden(replace(by_hand, kind="other")) == kept
    review = judge_part(ADA, passed(ledger, 0), GOOD, 0, ledger, TODAY)
    assert ledger.golden("ballscrew") == [kept]
    ledger.retire_golden(kept.id, TODAY, "quality", "the part was a dummy")
    judge_part(ADA, review.part, SCRATCH, review.id, ledger, TODAY)
    assert ledger.golden("ballscrew") == []
    with pytest.raises(UnknownPart):
        ledger.retire_golden(kept.id + 100, TODAY, "quality", "never was")


def test_accepted_parts_are_those_whose_review_stands(ledger: Ledger) -> None:
    """Newest first, with what they looked like to the model that judged them."""
    parts = [passed(ledger, number, sha256=sha256_of(bytes(number))) for number in range(3)]
    for number, part in enumerate(parts):
        review = judge_part(ADA, part, GOOD, 0, ledger, TODAY)
        ledger.remember_features(review.id, [float(number), 0.5])
        ledger.remember_features(review.id, [9.0])
    assert [(each.part, each.features) for each in ledger.accepted_parts("ballscrew", 1, 2)] == [
        (parts[2], (2.0, 0.5)),
        (parts[1], (1.0, 0.5)),
    ]
    newest = ledger.reviews_of(parts[2])[0]
    take_back(ADA, newest, newest.id, ledger, TODAY)
    assert [each.part for each in ledger.accepted_parts("ballscrew", 1, 9)] == [parts[1], parts[0]]
    assert ledger.accepted_parts("ballscrew", 2, 9) == []
    assert ledger.accepted_parts("nut", 1, 9) == []


@pytest.mark.server
def test_of_two_at_the_same_moment_exactly_one_is_written(postgres_ledger: PostgresLedger) -> None:
    """By the database, not by luck."""
    parts = [passed(postgres_ledger, number) for number in range(8)]
    conflicts: list[str] = []
    barrier = Barrier(2)

    def review_all(who: str) -> None:
        for part in parts:
            barrier.wait()
            try:
                postgres_ledger.settle(part, SCRATCH, 0, TODAY, who)
            except ReviewConflict:
                conflicts.append(who)

    threads = [Thread(target=review_all, args=(who,)) for who in ("ada", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(conflicts) == len(parts)
    assert [len(postgres_ledger.reviews_of(part)) for part in parts] == [1] * len(parts)


@pytest.mark.server
def test_the_audit_keeps_a_review_and_what_it_made_golden(postgres_ledger: PostgresLedger) -> None:
    """A conflict leaves nothing."""
    part = passed(postgres_ledger)
    judge_part(ADA, part, SCRATCH, 0, postgres_ledger, TODAY)
    with pytest.raises(ReviewConflict):
        judge_part(ADA, part, SCRATCH, 0, postgres_ledger, TODAY)
    with postgres_ledger.engine.connect() as connection:
        whats = connection.scalars(select(audit.c.what).order_by(audit.c.id)).all()
        assert whats == [f"review {part.frame_id}", f"golden part ballscrew {GOLDEN_HASH[:12]}"]
        assert connection.scalar(select(func.count()).where(audit.c.who != "ada")) == 0
