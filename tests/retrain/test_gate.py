"""The gate: what a candidate may not do."""

from dataclasses import replace

import pytest

from core.frame import sha256_of
from core.verdict import Threshold
from retrain.gate import (
    GatePart,
    GateRule,
    Kind,
    Measured,
    auroc_of,
    chance_of,
    figures,
    reasons_for_a_person,
    reasons_to_refuse,
)

RULE = GateRule(1 / 20, 1 / 10)
DEFECTS = [GatePart(sha256_of(b"d%d" % n), f"pitting {n}", Kind.DEFECT) for n in range(31)]
GOOD = [GatePart(sha256_of(b"g%d" % n), f"good {n}", Kind.FIXED) for n in range(20)]
HELD_OUT = [GatePart(sha256_of(b"h%d" % n), f"held out {n}", Kind.HELD_OUT) for n in range(60)]
PARTS = [*DEFECTS, *GOOD, *HELD_OUT]
SCORES = {part.sha256: (3.0 if part.kind is Kind.DEFECT else 0.5) for part in PARTS}
GOOD_MODEL = Measured("model 7", Threshold(1.0, 2.0), SCORES, [3.0, 1.5, 0.4], [0.5, 0.2], 0.8, 20.0)
CANDIDATE = replace(GOOD_MODEL, name="the candidate")


def scored(parts: list[GatePart], score: float) -> Measured:
    """The candidate where these parts have this score."""
    return replace(CANDIDATE, scores=SCORES | {part.sha256: score for part in parts})


def refused(candidate: Measured, incumbent: Measured = GOOD_MODEL) -> tuple[str, ...]:
    return reasons_to_refuse(incumbent, candidate, PARTS, RULE)


def test_a_candidate_as_good_as_the_active_model_passes() -> None:
    """No reason, no refusal."""
    assert refused(CANDIDATE) == ()


def test_a_missed_defect_is_named_with_numbers() -> None:
    """One is enough."""
    assert refused(scored(DEFECTS[:2], 0.9)) == (
        "would miss 2 of 31 confirmed defects that model 7 catches: parts pitting 0, pitting 1",
    )


def test_many_missed_defects_are_counted_not_listed() -> None:
    """Five names are enough to look at; the AUROC falls as well."""
    first = refused(scored(DEFECTS[:9], 0.0))[0]
    assert first.endswith("pitting 3, pitting 4 and 4 more")


def test_a_defect_in_the_review_band_is_caught_and_one_that_nobody_catches_is_no_reason() -> None:
    """The candidate is held against the active model, not against perfection."""
    assert refused(scored(DEFECTS[:1], 1.0)) == ()
    assert refused(scored(DEFECTS[:1], 0.9), scored(DEFECTS[:1], 0.9)) == ()


def test_good_parts_that_people_confirmed_are_not_rejected_again() -> None:
    """With numbers and names."""
    golden = [replace(part, kind=Kind.FALSE_REJECT) for part in GOOD]
    (reason,) = reasons_to_refuse(GOOD_MODEL, scored(GOOD[:1], 2.5), [*DEFECTS, *golden, *HELD_OUT], RULE)
    assert reason == "would reject 1 of 20 golden good parts where model 7 rejects 0: parts good 0"


def test_of_the_fixed_sample_as_many_are_rejected_as_the_budget_explains() -> None:
    """Of twenty parts at 1 in 20 that is four; and no more than the active model rejects is no reason."""
    assert refused(scored(GOOD[:4], 2.5)) == ()
    reasons = refused(scored(GOOD[:6], 2.5))
    assert reasons[0].startswith(
        "would reject 6 of 20 good parts of the fixed sample where model 7 rejects 0, 5.0% are allowed: parts good 0"
    )
    assert refused(scored(GOOD[:6], 2.5), scored(GOOD[:6], 2.5)) == ()


def test_false_rejects_beyond_the_budget_are_refused_unless_they_become_fewer() -> None:
    """9 of 60 at a budget of 1 in 20; from 12 to 9 is on the way there."""
    reasons = refused(scored(HELD_OUT[:9], 2.5))
    assert reasons[0] == ("would reject 9 of 60 held-out good parts (15.0%), 5.0% are allowed; model 7 does so with 0")
    assert refused(scored(HELD_OUT[:9], 2.5), scored(HELD_OUT[:12], 2.5)) == ()
    assert refused(scored(HELD_OUT[:4], 2.5)) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"aupr": 0.7}, "golden pixel AUPR falls from 0.800 to 0.700"),
        ({"with_defects": [0.1, 0.1, 0.1]}, "synthetic image AUROC falls"),
        ({"ms_per_image": 30.0}, "takes 30 ms per image, model 7 20 ms"),
        ({"parity_error": 0.02}, "its map is off by 0.02 of its range, 0.0001 is accepted"),
    ],
)
def test_each_of_these_is_a_refusal(change: dict[str, object], said: str) -> None:
    """In a sentence with numbers."""
    reasons = refused(replace(CANDIDATE, **change))  # type: ignore[arg-type]
    assert any(said in reason for reason in reasons)


def test_with_few_confirmed_defects_or_by_recipe_a_person_promotes() -> None:
    """Ten are enough."""
    assert reasons_for_a_person(PARTS, True) == ()
    assert "9 confirmed defects prove little" in reasons_for_a_person(DEFECTS[:9], True)[0]
    assert reasons_for_a_person(PARTS, False) == ("the recipe leaves promotion to a person",)


def test_the_history_keeps_what_can_be_said() -> None:
    """Without masks and with few parts some figures are left out."""
    found = figures(GOOD_MODEL, PARTS)
    assert (found["confirmed defects"], found["confirmed defects missed"]) == (31, 0)
    assert (found["golden image AUROC"], found["golden pixel AUPR"]) == (1.0, 0.8)
    assert found["synthetic defects caught"] == 0.6667
    few = figures(replace(GOOD_MODEL, aupr=-1.0), [*DEFECTS[:2], *HELD_OUT])
    assert not {"golden image AUROC", "golden pixel AUPR"} & few.keys()


def test_chances_and_areas_are_what_they_are() -> None:
    """Against numbers worked out by hand."""
    assert chance_of(1, 2, 0.5) == pytest.approx(0.75)
    assert auroc_of([2, 1], [1, 0]) == pytest.approx(0.875)


@pytest.mark.parametrize(
    ("count", "parts", "share", "chance"),
    [(0, 0, 0.3, 1), (0, 5, 0, 1), (1, 5, 0, 0), (5, 5, 1, 1), (6, 5, 1, 0), (6, 5, 0.3, 0), (1, 5000, 1e-9, 5e-6)],
)
def test_a_chance_is_said_at_the_edges_too(count: int, parts: int, share: float, chance: float) -> None:
    """Of no part, of none or all of them, of so many that their choices are beyond a float."""
    assert chance_of(count, parts, share) == pytest.approx(chance, rel=1e-3)


def test_a_chance_of_many_parts_is_that_of_their_mean() -> None:
    """Half of them are above it."""
    assert chance_of(500, 100_000, 0.005) == pytest.approx(0.5, abs=0.02)
    assert chance_of(700, 100_000, 0.005) < 1e-6
