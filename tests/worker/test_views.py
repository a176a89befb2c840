"""A part that several cameras see gets one decision, from the bus to what the plant is told."""

import json
from dataclasses import replace
from datetime import timedelta

from core.errors import LedgerUnavailable
from core.frame import DroppedFrame, Frame
from core.inspection import Failure, Inspection
from core.part import DecidedPart, OpenPart
from core.product import Product, Recipe
from core.verdict import Decision, ErrorReason
from tests.worker.in_memory_line import NOON, Line, frame, header, png
from tests.worker.test_order_of_effects import Cable
from worker.views.sweep import Sweep

VIEWS = Recipe(views="top,side", views_deadline_s=2.0)
GOOD, BAD = 40, 250


def seen(camera: str, part: str = "p1", grey: int = GOOD, sequence: int = 0) -> Frame:
    one = frame(sequence, camera, content=png(grey))
    return replace(one, header=replace(one.header, part_id=part))


def line(recipe: Recipe = VIEWS) -> Line:
    made = Line()
    made.promote(recipe=recipe)
    return made


def only_part(made: Line) -> DecidedPart:
    (part,) = made.ledger.parts("disc", 10)
    assert isinstance(part, DecidedPart)
    return part


def told_parts(made: Line) -> list[dict[str, object]]:
    messages = [json.loads(message.payload) for message in made.verdicts.told]
    return [message for message in messages if "views" in message]


def test_the_plant_is_told_of_each_frame_and_once_of_the_part() -> None:
    """The worst view decides."""
    made = line()
    made.publish(seen("top"), seen("side", grey=BAD))
    made.work()
    assert only_part(made).decision is Decision.NG
    assert [message["decision"] for message in told_parts(made)] == ["NG"]
    assert sorted(message.camera for message in made.verdicts.told) == ["part disc", "side", "top"]


def test_a_missing_view_is_an_error_after_the_deadline_and_not_before() -> None:
    """Though the view that came was good; the worker counts it."""
    made = line()
    made.publish(seen("top"))
    made.work()
    assert isinstance(made.ledger.parts("disc", 1)[0], OpenPart)
    made.clock.seconds += 10
    made.publish(seen("top", "p2", sequence=1))
    made.work()
    waiting, closed = made.ledger.parts("disc", 10)
    assert isinstance(waiting, OpenPart)
    assert isinstance(closed, DecidedPart)
    assert (closed.seen.part_id, closed.decision, closed.reason) == ("p1", Decision.ERROR, "view missing")
    assert [message["part_id"] for message in told_parts(made)] == ["p1"]
    assert made.counts.parts_closed == 1


def test_a_dropped_view_is_not_waited_for() -> None:
    """The camera said that it had to give it up: the part is an ERROR at once."""
    made = line()
    made.publish(seen("top"), DroppedFrame(replace(header(0, "side"), part_id="p1"), "queue full"))
    made.work()
    assert (only_part(made).decision, only_part(made).reason) == (Decision.ERROR, "dropped")


def test_a_frame_that_names_no_part_is_an_error_and_so_is_one_of_a_camera_that_is_no_view() -> None:
    """The detail says what to do. Neither is quarantined: the frame is not at fault."""
    made = line()
    made.publish(seen("top", part=""), seen("back"))
    made.work()
    results = list(made.ledger.results.values())
    assert all(isinstance(result, Failure) and not result.quarantined for result in results)
    assert {result.reason for result in results if isinstance(result, Failure)} == {ErrorReason.NO_PART}
    details = sorted(result.detail for result in results if isinstance(result, Failure))
    assert details[0].startswith("back is none of the views of disc: name it there")
    assert details[1].startswith("no part id, and disc is seen by top,side: have the camera told its parts")
    assert made.ledger.parts("disc", 10) == []
    assert len(made.board.tiles()) == 2


def test_parts_of_a_product_without_a_model_are_errors_too() -> None:
    """Whoever waits for the part's verdict hears it."""
    made = Line()
    made.ledger.save_product(Product("disc", VIEWS), NOON, "test", "test")
    made.publish(seen("top"), seen("side"))
    made.work()
    assert (only_part(made).decision, only_part(made).reason) == (Decision.ERROR, "no active model")


def test_views_that_waited_for_the_worker_are_not_missing() -> None:
    """After an hour away both lie on the bus: the part is what its views are, though long after its deadline."""
    made = line()
    made.publish(seen("top"))
    made.clock.seconds += 1.0
    made.publish(seen("side"))
    made.clock.seconds += 3600
    bench = made.bench(frames=1)
    made.work(bench, rounds=1)
    made.clock.seconds += 30
    made.work(bench)
    assert only_part(made).decision is Decision.OK


def test_a_recipe_that_names_views_counts_within_seconds() -> None:
    """While the worker runs."""
    made = line(Recipe())
    bench = made.bench()
    made.publish(seen("top"), seen("side"))
    made.work(bench)
    assert made.ledger.parts("disc", 10) == []
    made.ledger.save_product(Product("disc", VIEWS), NOON, "test", "test")
    made.clock.seconds += 2
    made.publish(seen("top", "p2", sequence=1), seen("side", "p2", sequence=1))
    made.work(bench)
    assert only_part(made).seen.part_id == "p2"


def test_a_sweep_that_finds_postgres_away_comes_again() -> None:
    """It never stops the line."""
    made = line()
    made.publish(seen("top"))
    made.work()
    made.clock.seconds += 10
    parts = Cable(made.ledger, fail={"close_overdue": [LedgerUnavailable("away")]})
    sweep = Sweep(parts, made.clock.now, made.clock.monotonic)  # type: ignore[arg-type]
    sweep.sweep(made.counts)
    sweep.sweep(made.counts)
    assert (parts.calls, made.counts.parts_closed) == (["close_overdue"], 0)
    made.clock.seconds += 1
    sweep.sweep(made.counts)
    assert made.counts.parts_closed == 1


def test_without_views_every_frame_decides_alone() -> None:
    """That is the default: no part id is needed, and no part is made."""
    made = line(Recipe())
    made.publish(seen("top", part=""), seen("side"))
    made.work()
    assert all(isinstance(result, Inspection) for result in made.ledger.results.values())
    assert made.ledger.parts("disc", 10) == []
    assert made.ledger.close_overdue(NOON + timedelta(days=1)) == []
