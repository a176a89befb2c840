"""Results, their keys, and how far a batch gets."""

import json
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.inspection import OpenDays, Position, Progress, progress_of
from core.product import Recipe
from core.verdict import Decision, ErrorReason
from core.verdict_message import key_of, to_verdict_message
from tests.contracts.ledgers import TODAY, failed, frame, inspected, refused


@st.composite
def deliveries(draw: st.DrawFn) -> list[tuple[Position, int]]:
    """Records of three partitions, mixed, with holes, as a consumer hands them out."""
    stands_at = {partition: draw(st.integers(0, 1000)) for partition in range(3)}
    steps = []
    for partition in draw(st.lists(st.integers(0, 2), max_size=30)):
        offset = stands_at[partition] + draw(st.integers(0, 3))
        steps.append((Position("frames", partition, offset), stands_at[partition]))
        stands_at[partition] = offset + 1
    return steps


@given(deliveries())
def test_progress_runs_from_where_the_reader_stood_to_behind_its_last_record(
    steps: list[tuple[Position, int]],
) -> None:
    """Per partition, whatever lies between."""
    progress = {step.partition: step for step in progress_of(steps)}
    for partition in {position.partition for position, _ in steps}:
        mine = [(position, stood) for position, stood in steps if position.partition == partition]
        assert (progress[partition].first, progress[partition].next) == (mine[0][1], mine[-1][0].offset + 1)
    assert len(progress) == len({position.partition for position, _ in steps})


@given(deliveries(), st.integers(0, 30))
def test_progress_in_two_batches_is_progress_in_one(steps: list[tuple[Position, int]], cut: int) -> None:
    """The second begins where the first ended."""
    parts = (progress_of(steps[:cut]), progress_of(steps[cut:]))
    joined = {step.partition: (step.first, step.next) for step in parts[0]}
    for step in parts[1]:
        first, end = joined.get(step.partition, (step.first, step.first))
        assert end == step.first
        joined[step.partition] = (first, step.next)
    assert joined == {step.partition: (step.first, step.next) for step in progress_of(steps)}


@pytest.mark.parametrize(("first", "end"), [(3, 3), (4, 3), (-1, 3)])
def test_progress_moves_forward(first: int, end: int) -> None:
    """A batch that settles nothing has none."""
    with pytest.raises(ValueError, match="forward"):
        Progress("frames", 0, first, end)


def test_open_days_include_both_ends() -> None:
    """To the microsecond, in UTC."""
    days = OpenDays(date(2026, 11, 23), date(2026, 11, 24))
    first = datetime(2026, 11, 23, tzinfo=UTC)
    assert first in days
    assert first + timedelta(days=2, microseconds=-1) in days
    assert first - timedelta(microseconds=1) not in days
    assert first + timedelta(days=2) not in days


def test_a_refused_records_key_can_be_no_frames_key() -> None:
    """It begins with a character that no camera's name holds."""
    assert key_of(refused(3)) == ("?frames", "0", 3)
    assert key_of(inspected(frame(3))) == ("line1-top", "0123456789ab", 3)


def test_only_a_wrong_clock_is_filed_under_the_brokers_time() -> None:
    """All other failures keep the camera's."""
    arrived = TODAY + timedelta(minutes=1)
    for reason in ErrorReason:
        moment = failed(frame(0), reason, arrived).filed_at
        assert moment == (arrived if reason is ErrorReason.CLOCK else TODAY)


def test_the_plant_is_told_what_it_needs_to_reject_a_part() -> None:
    """Key, decision, product, part, score and thresholds, model; or the reason."""
    judged = json.loads(to_verdict_message(inspected(frame(3), Decision.NG)))
    assert (judged["camera"], judged["start_id"], judged["sequence"]) == ("line1-top", "0123456789ab", 3)
    assert (judged["decision"], judged["product"], judged["part_id"]) == ("NG", "ballscrew", "part 3")
    assert (judged["score"], judged["review_from"], judged["reject_from"], judged["model_version"]) == (
        0.9,
        0.4,
        0.8,
        1,
    )
    assert json.loads(to_verdict_message(failed(frame(0))))["reason"] == "undecodable"
    assert json.loads(to_verdict_message(refused(3)))["decision"] == "ERROR"


def test_a_recipe_survives_being_stored() -> None:
    """Also one that a newer version wrote, with fields this one does not know, or an older one, with fewer."""
    recipe = Recipe(keep_ok_share=0.5, retrain_cron="0 2 * * *")
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert Recipe.from_json(recipe.to_json() | {"from the future": 1}) == recipe
    assert Recipe.from_json({}) == Recipe()


def test_a_recipe_may_say_how_pictures_are_scaled_and_maps_are_scored() -> None:
    """Left alone, training chooses by itself."""
    recipe = Recipe(input_height=160, input_width=416, smoothing=0.0, top_share=0.01, minimum_area=0.001)
    assert Recipe.from_json(recipe.to_json()) == recipe
    assert (Recipe().input_height, Recipe().input_width, Recipe().top_share) == (0, 0, None)


@pytest.mark.parametrize(
    "change",
    [
        {"keep_ok_share": 1.1},
        {"other_map_scale": 0},
        {"false_reject_budget": -0.1},
        {"input_height": 100, "input_width": 256},
        {"input_width": 32, "input_height": 256},
        {"input_height": 0, "input_width": 256},
        {"minimum_area": 0.3},
        {"smoothing": -0.1},
        {"top_share": 2},
    ],
)
def test_a_recipe_that_cannot_be_cannot_be_built(change: dict[str, float]) -> None:
    """The message names the field."""
    with pytest.raises(ValueError, match=next(iter(change))):
        Recipe(**change)
