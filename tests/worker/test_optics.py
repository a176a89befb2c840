"""A dying lamp, a loose lens, a moved camera: found before the model sees the picture; a defect is not one of them."""

from collections.abc import Callable
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import LedgerUnavailable, SettingRefused
from core.frame import Image
from core.inspection import Failure, Inspection
from core.optics import OpticsCheck, fault_of
from core.product import Product, Recipe
from core.verdict import Decision, ErrorReason
from tests.worker.in_memory_line import NOON, Line, TickingClock, frame
from worker.optics import verbs
from worker.optics.book import OpticsBook
from worker.optics.measuring import LEAST_FRAMES, from_png, glance, learn, optics_of

Pixels = NDArray[np.uint8]
BUDGET = 1 / 500
SIDE = 160


@cache
def part(number: int, defect: bool = False) -> Pixels:
    """A disc on a dark ground, a little elsewhere and in a little other light each time; a defect is a dark spot."""
    dice = np.random.default_rng(number)
    made = np.full((SIDE, SIDE), 40, np.float32)
    right, down = dice.normal(0, 0.4, 2)
    centre = (round(16 * (SIDE / 2 + right)), round(16 * (SIDE / 2 + down)))
    cv2.circle(made, centre, 16 * 55, 170.0, -1, cv2.LINE_AA, 4)
    for ring in range(10, 55, 5):
        cv2.circle(made, centre, 16 * ring, 120.0, 1, cv2.LINE_AA, 4)
    if defect:
        cv2.circle(made, (SIDE // 2 + 20, SIDE // 2), 9, 20.0, -1, cv2.LINE_AA)
    made = made * dice.normal(1, 0.01) + dice.normal(0, 2, made.shape)
    return cv2.cvtColor(np.clip(made, 0, 255).astype(np.uint8), cv2.COLOR_GRAY2RGB).astype(np.uint8, copy=False)


@cache
def baseline() -> OpticsCheck:
    return learn((Image(part(number)) for number in range(60)), BUDGET)


def reason(pixels: Pixels, check: OpticsCheck | None = None) -> ErrorReason | None:
    known = check or baseline()
    fault = fault_of(optics_of(glance(Image(pixels)), from_png(known.reference)), known)
    return fault.reason if fault else None


def dimmed(share: float) -> Callable[[Pixels], Pixels]:
    return lambda pixels: np.clip(pixels * share, 0, 255).astype(np.uint8)


def blurred(pixels: Pixels) -> Pixels:
    return cv2.GaussianBlur(pixels, (0, 0), 1.5).astype(np.uint8, copy=False)


def foggy(pixels: Pixels) -> Pixels:
    """Neither brighter nor darker on the whole."""
    return (0.8 * pixels + 0.2 * np.percentile(pixels, 60)).astype(np.uint8)


def moved(pixels: Pixels) -> Pixels:
    return np.roll(pixels, (8, 5), (0, 1))


@pytest.mark.parametrize("defect", [False, True])
def test_a_part_is_let_through_whether_good_or_not(defect: bool) -> None:
    """Defects are for the model; and good parts that were not learned from are within the limits."""
    assert [reason(part(number, defect)) for number in range(100, 150)] == [None] * 50


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (dimmed(0.7), ErrorReason.TOO_DARK),
        (dimmed(1.4), ErrorReason.TOO_BRIGHT),
        (foggy, ErrorReason.TOO_FLAT),
        (blurred, ErrorReason.OUT_OF_FOCUS),
        (moved, ErrorReason.OUT_OF_PLACE),
        (lambda pixels: pixels[:, : SIDE // 2], ErrorReason.OUT_OF_PLACE),
    ],
    ids=["lamp dies", "lamp too strong", "dirty lens", "loose lens", "camera moved", "other resolution"],
)
def test_what_is_wrong_with_the_camera_is_named(spoil: Callable[[Pixels], Pixels], expected: ErrorReason) -> None:
    """Every time, on parts that were not learned from."""
    found = [reason(spoil(part(number))) for number in range(200, 220)]
    assert found.count(expected) >= 18
    assert None not in found


def test_pictures_that_have_no_place_are_not_held_to_one() -> None:
    """Fabric passes as it comes: its limit of the shift is so wide that only a person could set it lower."""
    textures = [np.random.default_rng(number).integers(0, 255, (64, 64, 3), dtype=np.uint8) for number in range(80)]
    smooth = [cv2.GaussianBlur(texture, (0, 0), 2).astype(np.uint8, copy=False) for texture in textures]
    check = learn(map(Image, smooth[:40]), BUDGET)
    assert [reason(pixels, check) for pixels in smooth[40:]] == [None] * 40


def test_an_even_picture_can_be_measured() -> None:
    """A lens cap gives one grey value everywhere."""
    assert reason(np.zeros((SIDE, SIDE, 3), np.uint8)) is ErrorReason.TOO_DARK


def test_frames_that_are_all_alike_leave_room_for_another_day() -> None:
    """A replayed folder has no spread; the limits must not refuse the next real picture for a grey level."""
    check = learn([Image(part(0))] * LEAST_FRAMES, BUDGET)
    assert reason(part(1), check) is None


def test_too_few_or_mixed_frames_are_refused() -> None:
    """With how many it takes."""
    with pytest.raises(ValueError, match=f"at least {LEAST_FRAMES} good frames, got 3"):
        learn((Image(part(number)) for number in range(3)), BUDGET)
    mixed = [Image(part(number)[:, : SIDE - 40 * (number % 2)]) for number in range(LEAST_FRAMES)]
    with pytest.raises(ValueError, match="several shapes"):
        learn(mixed, BUDGET)


def png(pixels: Pixels) -> bytes:
    return cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()


def checked_line() -> tuple[Line, OpticsBook]:
    line = Line()
    line.promote()
    line.ledger.save_optics("cam", "disc", baseline(), NOON, "ada", "first")
    return line, OpticsBook(line.ledger.optics, line.clock.monotonic)


def test_a_picture_that_is_out_of_focus_is_error_and_never_meets_the_model() -> None:
    """Its neighbours are judged; its picture is kept beside the good ones and shown on the wall."""
    line, book = checked_line()
    pictures = [part(300), blurred(part(301)), part(302)]
    line.publish(*(frame(number, content=png(pixels)) for number, pixels in enumerate(pictures)))
    line.work(line.bench(optics=book))
    good, spoilt, _ = (line.ledger.results[key] for key in sorted(line.ledger.results))
    assert isinstance(good, Inspection)
    assert isinstance(spoilt, Failure)
    assert (spoilt.decision, spoilt.reason.value) == (Decision.ERROR, "optics: out of focus")
    assert "sharpness" in spoilt.detail
    assert not spoilt.quarantined
    assert spoilt.evidence.frame_uri.startswith("memory:frames/")
    (detector,) = line.detectors.values()
    assert sum(detector.batches) == 2  # type: ignore[attr-defined]


def test_a_spoilt_picture_is_shown() -> None:
    """Whoever is called to the camera sees at once what is meant."""
    line, book = checked_line()
    line.publish(frame(0, content=png(blurred(part(300)))))
    line.work(line.bench(optics=book))
    (tile,) = line.board.tiles()
    assert (tile.decision, tile.reason) == (Decision.ERROR, "optics: out of focus")
    assert tile.thumbnail


def test_a_camera_or_product_without_a_baseline_is_not_checked() -> None:
    """Nobody asked for it."""
    line, book = checked_line()
    line.promote("nut")
    spoilt = png(dimmed(0.2)(part(300)))
    line.publish(frame(0, camera="other", content=spoilt), frame(0, product="nut", content=spoilt))
    line.work(line.bench(optics=book))
    assert all(isinstance(result, Inspection) for result in line.ledger.results.values())


def test_a_changed_baseline_counts_for_the_next_batch() -> None:
    """Without a restart; and while Postgres is away, the last one goes on."""
    answers: list[object] = [{("cam", "disc"): baseline()}, LedgerUnavailable("away"), {}]

    def read() -> dict[tuple[str, str], OpticsCheck]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer  # type: ignore[return-value]

    clock = TickingClock()
    book = OpticsBook(read, clock.monotonic)
    book.first_look()
    decisions = []
    for number in range(2):
        clock.rest(10.0)
        book.refresh()
        (opened,) = (book.checked(one) for one in _opened(number))
        decisions.append(type(opened).__name__)
    assert decisions == ["Unfit", "Picture"]
    assert answers == []


def _opened(number: int):  # type: ignore[no-untyped-def]
    from tests.worker.in_memory_line import decode
    from worker.opening import open_delivery

    line = Line()
    line.publish(frame(number, content=png(blurred(part(number)))))
    deliveries = line.bus.consumer().poll(1, 0.0)
    return [open_delivery(one, line.ledger.open_days(), NOON, line.artifacts.get, decode) for one in deliveries]


def said(line: Line, words: str) -> str:
    from model.images import decode

    desk = verbs.Desk(line.ledger, line.artifacts, decode, NOON)
    return "\n".join(verbs.run(words.split(), lambda: desk))


WHO = "--camera cam --product disc"


def test_a_baseline_is_learned_from_a_folder_shown_adjusted_and_switched_off(tmp_path: Path) -> None:
    """At the product's own budget unless another is named."""
    line = Line()
    line.ledger.save_product(Product("disc", Recipe(false_reject_budget=0.2)), NOON, "ada", "new")
    for number in range(30):
        (tmp_path / f"{number:02d}.png").write_bytes(png(part(number)))
    assert "no camera is checked" in said(line, "show")
    assert "from 30 frames" in said(line, f"learn {WHO} --images {tmp_path}")
    loose = line.ledger.optics()["cam", "disc"]
    said(line, f"learn {WHO} --images {tmp_path} --budget 0.001")
    tight = line.ledger.optics()["cam", "disc"]
    assert tight.shift.high is not None
    assert loose.shift.high is not None
    assert tight.shift.high > loose.shift.high
    assert "shift at most 0.5" in said(line, f"set {WHO} shift --high 0.5")
    assert "shift at most 0.5" in said(line, "show")
    assert "not checked" in said(line, f"off {WHO}")
    assert line.ledger.optics() == {}


def test_a_baseline_is_learned_from_the_frames_the_line_kept() -> None:
    """Those judged OK; what retention has removed is left out."""
    line = Line()
    line.promote(recipe=Recipe(keep_ok_share=1.0))
    dark = [dimmed(0.3)(part(number)) for number in range(40)]  # this line's detector calls dark ones good
    line.publish(*(frame(number, content=png(pixels)) for number, pixels in enumerate(dark)))
    line.work()
    kept = line.ledger.good_frames("cam", "disc", 100)
    assert len(kept) == 40
    del line.artifacts.contents[kept[0]]
    assert "from 30 frames" not in said(line, f"learn {WHO} --frames 35")
    assert line.ledger.optics()["cam", "disc"].frames == 34


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (f"set {WHO} shift --high 0.5", "learn one first"),
        (f"off {WHO}", "learn one first"),
        (f"learn {WHO}", f"at least {LEAST_FRAMES} good frames, got 0"),
    ],
)
def test_what_cannot_be_done_is_said(words: str, says: str) -> None:
    """With what to do first."""
    with pytest.raises(SettingRefused, match=says):
        said(Line(), words)
