"""The quality benchmark's pure parts: what it runs, what it skips, what it prints."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from model.result_lines import Result
from tests.benchmarks.quality import Bench, run_missing, tables
from tests.benchmarks.quality_table import newest_of, parts_table, quality_table, speed_table, spread

FIGURES = {"image_auroc": 90.0, "pixel_auroc": 95.0, "pixel_aupr": 40.0, "aupro": 70.0}


class Programs:
    """A twin of the machine: remembers what it was asked to run, says what the programs would."""

    def __init__(self, fails_at: str = "") -> None:
        self.asked: list[Sequence[str]] = []
        self._fails_at = fails_at

    def __call__(self, words: Sequence[str]) -> Result:
        self.asked.append(words)
        if self._fails_at in words:
            raise KeyboardInterrupt
        if words[-1].endswith("maps") and words[0].endswith("evaluate.py"):
            return {"img_auroc": 91.0, "pix_auroc": 95.0, "pix_aupr": 41.0, "aupro": 71.0}
        answers: dict[str, Result] = {
            "train": {"seconds": 12.0, "weight": 0.5},
            "evaluate": {"A_p": FIGURES, "A_nf": FIGURES, "A": FIGURES},
            "score": {},
            "benchmark": {"encoder": "small", "plain_images_per_s": 3.0, "images_per_s": 24.0, "ratio": 8.0},
        }
        return answers[words[2]]

    def trainings(self) -> list[str]:
        """The seeds trained, in order."""
        return [words[words.index("--seed") + 1] for words in self.asked if "train" in words]


def bench(tmp_path: Path, programs: Programs, flags: tuple[str, ...] = ()) -> Bench:
    return Bench(tmp_path / "shared", tmp_path / "out", flags, programs)


def with_judge(tmp_path: Path) -> None:
    judge = tmp_path / "shared" / "tools" / "evaluate.py"
    judge.parent.mkdir(parents=True)
    judge.write_text("")


def run(name: str, seed: int, aupr: float, seconds: float = 100.0) -> Result:
    figures = FIGURES | {"pixel_aupr": aupr}
    maps = {"A_p": FIGURES, "A_nf": FIGURES, "A": figures}
    return {"set": name, "seed": seed, "code": "c", "train_s": seconds, "judge": "j", "judged": figures, "maps": maps}


def test_what_is_done_is_not_run_again(tmp_path: Path) -> None:
    first = Programs()
    run_missing(bench(tmp_path, first), ["cookie"], [1, 2], ["small"])
    again = Programs()
    run_missing(bench(tmp_path, again), ["cookie"], [1, 2, 3], ["small"])
    assert first.trainings() == ["1", "2"]
    assert again.trainings() == ["3"]
    assert not any("benchmark" in words for words in again.asked)


def test_other_flags_are_other_runs(tmp_path: Path) -> None:
    run_missing(bench(tmp_path, Programs()), ["cookie"], [1], [])
    other = Programs()
    run_missing(bench(tmp_path, other, ("--passes", "2")), ["cookie"], [1], [])
    assert other.trainings() == ["1"]
    assert other.asked[0][-2:] == ("--passes", "2")


def test_a_run_cut_short_is_done_again_and_spoils_no_other(tmp_path: Path) -> None:
    """Cut between programs it has no line; a line cut in the middle counts as none."""
    with pytest.raises(KeyboardInterrupt):
        run_missing(bench(tmp_path, Programs(fails_at="evaluate")), ["cookie"], [1], [])
    run_missing(bench(tmp_path, Programs()), ["cookie"], [1, 2], [])
    results = tmp_path / "out" / "quality.jsonl"
    results.write_text(results.read_text()[:-20])
    again = Programs()
    run_missing(bench(tmp_path, again), ["cookie"], [1, 2], [])
    assert again.trainings() == ["2"]
    assert [line["seed"] for line in bench(tmp_path, again).quality.read()] == [1, 2]


def test_the_independent_judge_is_asked_where_it_is_there(tmp_path: Path) -> None:
    run_missing(bench(tmp_path, Programs()), ["cookie"], [1], [])
    assert bench(tmp_path, Programs()).quality.read()[0]["judged"] == FIGURES
    with_judge(tmp_path)
    run_missing(bench(tmp_path, Programs(), ("--reflect",)), ["cookie"], [1], [])
    last = bench(tmp_path, Programs()).quality.read()[-1]
    assert last["judge"] == "evaluate.py"
    assert last["judged"] == FIGURES | {"image_auroc": 91.0, "pixel_aupr": 41.0, "aupro": 71.0}


def test_a_set_is_one_line_of_mean_and_spread() -> None:
    lines = quality_table([run("cookie", 1, 40.0), run("cookie", 2, 42.0, 110.0)]).splitlines()
    assert lines[2] == "| cookie | 2 | 105 ± 7 | 90.0 ± 0.0 | 95.0 ± 0.0 | 41.0 ± 1.4 | 70.0 ± 0.0 |"
    assert {line.count("|") for line in lines} == {8}


def test_a_set_of_labels_shows_dashes() -> None:
    labels = run("aliens", 1, 0.0) | {"judged": {"image_auroc": 88.0}}
    assert quality_table([labels]).splitlines()[2] == "| aliens | 1 | 100 | 88.0 | - | - | - |"


def test_the_parts_stand_beside_the_whole() -> None:
    lines = parts_table([run("cookie", 1, 44.0)]).splitlines()[2:]
    assert [line.split(" | ")[1] for line in lines] == ["A_p", "A_nf", "A"]
    assert "44.0" in lines[2]


def test_a_speed_that_was_not_measured_is_a_dash() -> None:
    line = speed_table([{"encoder": "small", "images_per_s": 24.04}]).splitlines()[2]
    assert line == "| small | - | 24.0 | - |"


def test_the_tables_say_when_they_are_of_other_code(tmp_path: Path) -> None:
    run_missing(bench(tmp_path, Programs()), ["cookie"], [1], ["small"])
    assert "OTHER" not in tables(bench(tmp_path, Programs()))
    changed = tables(bench(tmp_path, Programs(), ("--reflect",)))
    assert changed.count("OTHER code") == 3
    assert "| cookie |" in changed


def test_without_any_result_the_tables_are_empty(tmp_path: Path) -> None:
    assert "nobody yet" in tables(bench(tmp_path, Programs()))


def test_results_of_the_code_asked_for_come_before_newer_ones() -> None:
    results = [{"code": "mine", "seed": 1}, {"code": "other", "seed": 1}]
    assert newest_of(results, "mine") == results[:1]
    assert newest_of(results, "third") == results[1:]
    assert newest_of([], "mine") == []


def test_one_value_has_no_spread() -> None:
    assert (spread([1.25]), spread([]), spread([1.0, 3.0])) == ("1.2", "-", "2.0 ± 1.4")
