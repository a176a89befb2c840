"""One decision for a part that several cameras see, whatever order their views are recorded in."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.part import SEVERITY, DecidedPart, OpenPart, Part, View, ViewPlan
from core.part_assembly import Sighting, newly_decided, put_together
from core.part_message import to_part_message
from core.product import Recipe
from core.verdict import Decision
from tests.core.parts import BACK, PLAN, SIDE, TOP, at, sighting, view

THREE = ViewPlan((TOP, SIDE, BACK), 2.0)


def part_of(*views: View, plan: ViewPlan = PLAN) -> Part:
    (part,) = put_together({}, [sighting(each, plan) for each in views]).values()
    return part


def decided(*views: View, plan: ViewPlan = PLAN) -> DecidedPart:
    part = part_of(*views, plan=plan)
    assert isinstance(part, DecidedPart)
    return part


def opened(*views: View, plan: ViewPlan = PLAN) -> OpenPart:
    part = part_of(*views, plan=plan)
    assert isinstance(part, OpenPart)
    return part


@pytest.mark.parametrize("worse", list(Decision))
def test_a_part_is_what_the_worst_of_its_views_is(worse: Decision) -> None:
    """With the reason where it is an ERROR, and the camera that said so."""
    part = decided(view(TOP), view(SIDE, worse))
    assert part.decision is worse
    assert part.reason == ("undecodable" if worse is Decision.ERROR else "")
    assert (SIDE in part.detail) == (worse is not Decision.OK)


def test_a_part_waits_for_all_of_its_views() -> None:
    """And is decided by when the last of them was judged."""
    assert opened(view(TOP)).missing == (SIDE,)
    assert decided(view(TOP), view(SIDE, arrived_s=1.0)).decided_at == at(1.1)


def test_a_view_that_came_too_late_is_missing() -> None:
    """By the bus's time, however soon it was judged; the detail says how late."""
    assert decided(view(TOP), view(SIDE, arrived_s=2.0)).decision is Decision.OK
    part = decided(view(TOP), view(SIDE, arrived_s=2.001))
    assert (part.decision, part.reason) == (Decision.ERROR, "view missing")
    assert part.detail == f"{SIDE} came 2.001 s after the first view, allowed are 2 s"


def test_a_part_that_is_closed_without_a_view_is_an_error_that_names_it() -> None:
    """Though all that was seen of it was good."""
    part = opened(view(TOP)).closed(at(3))
    assert (part.decision, part.reason) == (Decision.ERROR, "view missing")
    assert part.detail == f"{SIDE} did not come within 2 s"


def test_a_view_that_comes_after_its_part_was_closed_changes_nothing_and_is_remembered() -> None:
    """The plant was told; the detail says what came."""
    closed = opened(view(TOP)).closed(at(3))
    (after,) = put_together({7: closed}, [sighting(view(SIDE, arrived_s=3.5))]).values()
    assert isinstance(after, DecidedPart)
    assert (after.decision, after.reason, after.decided_at) == (Decision.ERROR, "view missing", at(3))
    assert after.detail.endswith(f"recorded after the decision: {SIDE} came 3.500 s after the first view and was OK")
    assert newly_decided({7: closed}, {7: after}) == []


def test_a_second_better_picture_never_makes_a_part_better() -> None:
    """Nor a worse one, once the plant was told; while the part is open it counts."""
    assert decided(view(TOP, Decision.NG), view(TOP, sequence=1), view(SIDE)).decision is Decision.NG
    assert decided(view(TOP), view(TOP, Decision.NG, sequence=1), view(SIDE)).decision is Decision.NG
    told = decided(view(TOP), view(SIDE), view(TOP, Decision.NG, sequence=1))
    assert told.decision is Decision.OK
    assert told.detail == f"recorded after the decision: {TOP} came again 0.000 s after the first view and was NG"


def test_an_id_may_be_used_again_for_another_part_later() -> None:
    """Ten deadlines after the first view of the part before."""
    first = [view(TOP), view(SIDE)]
    same = put_together({}, [sighting(each) for each in (*first, view(TOP, arrived_s=20.0, sequence=1))])
    assert len(same) == 1
    other = put_together({}, [sighting(each) for each in (*first, view(TOP, arrived_s=20.001, sequence=1))])
    assert [type(part) for part in other.values()] == [DecidedPart, OpenPart]


def test_a_view_goes_to_the_part_that_it_was_seen_with_also_where_a_later_one_has_the_same_id() -> None:
    """A partition may lag behind by hours: its frames belong to the old part, not to the newest."""
    old, new = opened(view(TOP)).closed(at(3)), opened(view(TOP, arrived_s=3600.0))
    changed = put_together({1: old, 2: new}, [sighting(view(SIDE, arrived_s=1.0))])
    assert list(changed) == [1]


def test_parts_are_told_apart_by_product_and_id() -> None:
    """Never by camera or lot."""
    first, second = view(TOP), view(SIDE)
    assert len(put_together({}, [sighting(first), sighting(second, part_id="p2")])) == 2
    assert len(put_together({}, [sighting(first), sighting(second, product="nut")])) == 2


def test_a_part_is_waited_for_until_its_deadline_and_longer_where_it_was_judged_late() -> None:
    """After an outage the other views lie on the bus as long as the first did; a minute at most."""
    assert opened(view(judged_s=0.0)).closes_at == at(2)
    assert opened(view(judged_s=0.5)).closes_at == at(3)
    assert opened(view(judged_s=3600)).closes_at == at(3600 + 60 + 2)
    assert opened(view(judged_s=-3600)).closes_at == at(2), "a worker's clock that is behind"


decisions = st.sampled_from(list(Decision))


@st.composite
def views_of_a_part(draw: st.DrawFn) -> list[View]:
    """Of three cameras, some twice, some not at all, all near enough to be of one part."""
    cameras = draw(st.lists(st.sampled_from(THREE.cameras), min_size=1, max_size=6))
    return [
        view(camera, draw(decisions), draw(st.floats(0, 4)), number, draw(st.floats(0, 9)))
        for number, camera in enumerate(cameras)
    ]


@given(st.data(), views_of_a_part())
def test_whatever_order_views_are_merged_in_the_part_is_the_same(data: st.DataObject, views: list[View]) -> None:
    """Closed with the same views, it has the same decision, reason and detail."""

    def closed(order: Sequence[View]) -> DecidedPart:
        merged: Part = OpenPart("ballscrew", "p1", "lot 7", ViewPlan((*THREE.cameras, "never"), 2.0), ())
        for each in order:
            merged = merged.joined(each)
        assert isinstance(merged, OpenPart)
        return merged.closed(at(10))

    assert closed(data.draw(st.permutations(views))) == closed(views)


@given(st.data(), st.lists(decisions, min_size=3, max_size=3), st.lists(st.floats(0, 3), min_size=3, max_size=3))
def test_any_order_of_recording_gives_a_part_the_same_decision(
    data: st.DataObject, found: list[Decision], arrived: list[float]
) -> None:
    """One frame per view, in batches of any size, and any of them recorded by any worker."""
    views = [view(camera, *told) for camera, *told in zip(THREE.cameras, found, arrived, strict=True)]
    order = data.draw(st.permutations(views))
    cut = data.draw(st.integers(0, 3))
    first = put_together({}, [sighting(each, THREE) for each in order[:cut]])
    known = dict(enumerate(first.values(), 1))
    after = known | put_together(known, [sighting(each, THREE) for each in order[cut:]])
    (part,) = after.values()
    assert isinstance(part, DecidedPart)
    assert part.seen == decided(*views, plan=THREE).seen
    on_time = max(arrived) - min(arrived) <= 2.0
    assert part.decision is (max(found, key=SEVERITY.__getitem__) if on_time else Decision.ERROR)


@given(views_of_a_part())
def test_a_part_is_ok_only_if_every_view_came_and_was_ok_until_it_was_told(views: list[View]) -> None:
    """Whatever else came, and however often."""
    (part,) = put_together({}, [sighting(each, THREE) for each in views]).values()
    told = part if isinstance(part, DecidedPart) else part.closed(at(10))
    if told.decision is Decision.OK:
        assert {each.camera for each in told.seen.views} == set(THREE.cameras)
        assert {each.decision for each in told.seen.views} == {Decision.OK}


def test_the_plant_is_told_the_part_its_decision_and_its_views() -> None:
    """With what is missing, and the key that lets it drop repeats."""
    told = json.loads(to_part_message(opened(view(TOP, Decision.NG)).closed(at(3))))
    assert (told["product"], told["part_id"], told["lot"]) == ("ballscrew", "p1", "lot 7")
    assert (told["decision"], told["reason"], told["missing"]) == ("ERROR", "view missing", [SIDE])
    assert (told["views"], told["first_seen_at"]) == ({TOP: "NG"}, at(0).isoformat())
    assert "reason" not in json.loads(to_part_message(decided(view(TOP), view(SIDE))))


def test_a_recipe_names_its_views_as_one_types_them() -> None:
    """None by default."""
    assert Recipe().view_plan is None
    recipe = Recipe(views="line1-top, line1-side", views_deadline_s=0.5)
    assert recipe.view_plan == ViewPlan((TOP, SIDE), 0.5)
    assert Recipe.from_json(recipe.to_json()) == recipe


@pytest.mark.parametrize(
    "change",
    [
        {"views": "line1-top,line1-top"},
        {"views": "line1-top,"},
        {"views": "Line 1"},
        {"views_deadline_s": 0.0},
        {"views_deadline_s": float("nan")},
        {"views_deadline_s": 86400.0},
    ],
)
def test_views_that_cannot_be_are_refused(change: dict[str, object]) -> None:
    """The message names the field."""
    with pytest.raises(ValueError, match=next(iter(change))):
        Recipe(**change)  # type: ignore[arg-type]


def test_a_sighting_of_the_only_view_decides_at_once() -> None:
    """A plan of one camera is a plan."""
    alone = Sighting(("nut", "p1"), "", ViewPlan((TOP,), 2.0), view(TOP))
    assert isinstance(alone.begun(), DecidedPart)
