"""Two versions on the same parts, and quality over the nights."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.retraining import RunState
from core.verdict import Threshold
from dashboard.apart.read_models import Apart, apart, parts_of, side_by_side
from dashboard.apart.tiles import apart_data, sentence
from dashboard.nights.chart import end_of, measured_by, night_chart, night_rows
from dashboard.nights.read_models import MEASURES, Night, figures_of, nights
from dashboard.theme import LIGHT
from tests.dashboard.places import Place, fresh_line
from tests.dashboard.seed import seed_parts
from tests.dashboard.seed_nights import seed_disagreements, seed_nights
from tests.dashboard.seed_weeks import newer_model

NIGHT = Night(
    7, datetime(2026, 11, 25, 3, 30, tzinfo=UTC), RunState.PROMOTED, 3, {"golden image AUROC": 0.9},
    {"golden image AUROC": 0.95, "confirmed defects": 20.0, "confirmed defects missed": 1.0},
)  # fmt: skip


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Place, list[str]]]:
    """A line on which a candidate looked on, and the keys on which it said otherwise."""
    with fresh_line(tmp_path_factory.mktemp("line")) as place:
        seed_parts(place.line, count=60)
        judging = place.line.ledger.active()["gear"].model.id
        beside = newer_model(place.line, place.line.now - timedelta(days=2)).model_version_id
        run = seed_nights(place.line, judging, beside)
        yield place, [str(part.key) for part in seed_disagreements(place.line, run)]


@pytest.mark.server
def test_the_worst_disagreement_comes_first_and_no_part_is_shown_twice(compared: tuple[Place, list[str]]) -> None:
    """Page by page, by key: all of them, each with both words and scores in the limits that held."""
    place, expected = compared
    (run,) = side_by_side(place.engine, "gear")
    assert (run.apart, run.seen, run.is_open) == (len(expected), 120, True)
    found: list[Apart] = []
    while page := apart(place.engine, run, found[-1].place if found else None, 3):
        found += page
    assert sorted(str(each.key) for each in found) == sorted(expected)
    assert [each.distance for each in found] == sorted((each.distance for each in found), reverse=True)
    assert len({each.distance for each in found}) > 1
    worst = found[0]
    assert (worst.judging.decision, worst.beside.decision) == ("NG", "OK")
    gap = worst.judging.score / worst.judging.limits.reject_from - worst.beside.score / worst.beside.limits.reject_from
    assert worst.distance == pytest.approx(gap)


@pytest.mark.server
def test_a_part_keeps_the_limits_by_which_it_was_judged(compared: tuple[Place, list[str]]) -> None:
    """Limits that somebody sets afterwards do not change what was said then."""
    place, _ = compared
    (run,) = side_by_side(place.engine, "gear")
    before = apart(place.engine, run, None, 100)
    later = datetime.now(UTC) + timedelta(seconds=1)
    place.line.ledger.set_threshold(run.beside, Threshold(5, 9), later, "ada", "afterwards")
    assert apart(place.engine, run, None, 100) == before


@pytest.mark.server
def test_a_tile_says_both_verdicts_over_the_picture(compared: tuple[Place, list[str]]) -> None:
    """In words and shapes; the row of the part is found by its key."""
    place, _ = compared
    (run,) = side_by_side(place.engine, "gear")
    (worst,) = apart(place.engine, run, None, 1)
    (tile,) = apart_data(run, [worst], {}, lambda uris: dict.fromkeys(uris, ("data:x", "")), "UTC")["parts"]
    words = [line["words"] for line in tile["lines"]]
    assert words[0].startswith(f"v{run.judging} NG ")
    assert words[1].startswith(f"v{run.beside} OK ")
    assert parts_of(place.engine, [worst.key])[worst.key].decision == "NG"
    assert f"{run.apart} of 120 parts apart" in sentence(run)


@pytest.mark.server
def test_nights_are_read_oldest_first_with_their_figures(compared: tuple[Place, list[str]]) -> None:
    """Those that came as far as a candidate."""
    found = nights(compared[0].engine, "gear")
    assert [night.began_at for night in found] == sorted(night.began_at for night in found)
    assert len(found) == 9
    version = found[-1].candidate_id
    assert version is not None
    assert "golden image AUROC" in figures_of(found, version)


def test_a_figure_is_a_share_where_it_is_one_of_so_many() -> None:
    """One of twenty missed is 95 % caught; what was not measured has no figure."""
    caught = next(measure for measure in MEASURES if measure.is_rest)
    assert caught.read(NIGHT.after) == pytest.approx(95)
    assert caught.read({}) is None
    assert figures_of([NIGHT], 3) == {"golden image AUROC": "0.95", "confirmed defects caught, %": "95"}
    assert figures_of([NIGHT], 4) == {}


def test_each_measured_figure_has_a_row_of_its_own() -> None:
    """With the active model beside the candidate, and the night's end as a word."""
    assert [each.words for each in measured_by([NIGHT])] == ["golden image AUROC", "confirmed defects caught, %"]
    (row,) = night_rows([NIGHT], MEASURES[0])
    assert (row["candidate"], row["active"], row["end"]) == (0.95, 0.9, "promoted")
    assert len(night_chart([NIGHT], LIGHT).to_dict()["vconcat"]) == 2


@pytest.mark.parametrize("state", list(RunState))
def test_every_end_of_a_night_has_a_sign(state: RunState) -> None:
    """What the gate refused, and what the line sent back, are refused alike."""
    refused = {RunState.REFUSED, RunState.ROLLED_BACK}
    word = "promoted" if state is RunState.PROMOTED else "refused" if state in refused else "not decided"
    assert end_of(replace(NIGHT, state=state).state) == word
