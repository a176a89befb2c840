"""Every product of a dataset, resumable: what is done, what is done again, what the table says."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from model import dataset_benchmark
from model.ablation_table import MAPS, Ablation
from model.ablation_verbs import ProductsRefused, ablate, benchmark_dataset
from model.arguments import parser
from model.config import ScoreRule
from model.dataset_benchmark import Refused, run_products, table
from model.datasets import Dataset, products_below
from model.evaluation import ImageFigures, MapFigures
from model.metrics import PixelFigures
from model.result_lines import Result, ResultLines
from tests.model.datasets_on_disk import BTAD, BTAD_BITMAPS, MVTEC, write_product
from tests.model.trials import finished, prepare

pytestmark = pytest.mark.slow

CLOCK = iter(range(10**6)).__next__


class Judge:
    """A twin of training and evaluation: remembers whom it judged."""

    def __init__(self) -> None:
        self.judged: list[tuple[str, int]] = []

    def __call__(self, dataset: Dataset, seed: int) -> Ablation:
        self.judged.append((dataset.name, seed))
        rows = (ImageFigures("A_p", 0.5), MapFigures("A", 0.9, PixelFigures(0.8, seed / 10, 0.6)))
        return Ablation(dataset.name, 4, 2, ScoreRule(), {"A": 1.0}, rows)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two products of BTAD and one that is named as MVTec AD names its own."""
    for name, layout in (("01", BTAD), ("03", BTAD_BITMAPS), ("bolt", MVTEC)):
        write_product(tmp_path / "data" / name, layout)
    return tmp_path / "data"


def runs(root: Path, judge: Judge, *words: str) -> list[Result | Refused]:
    arguments = parser().parse_args(["benchmark-dataset", "--data", str(root), "--weights", "random", *words])
    lines = ResultLines(root.parent / "results.jsonl")
    return list(run_products(products_below(root), arguments, lines, judge, CLOCK))


def test_what_is_done_is_looked_up_and_not_done_again(root: Path) -> None:
    first, again = Judge(), Judge()
    before = runs(root, first)
    assert runs(root, again) == before
    assert (first.judged, again.judged) == ([("01", 1), ("03", 1), ("bolt", 1)], [])


def test_a_line_cut_short_is_done_again(root: Path) -> None:
    runs(root, Judge())
    results = root.parent / "results.jsonl"
    results.write_text(results.read_text()[:-30])
    again, once_more = Judge(), Judge()
    assert len(runs(root, again)) == 3
    assert again.judged == [("bolt", 1)]
    runs(root, once_more)
    assert once_more.judged == []


@pytest.mark.parametrize("words", [("--passes", "2"), ("--only", "A"), ("--label", "signed"), ("--w", "1")])
def test_other_flags_are_another_run(root: Path, words: tuple[str, ...]) -> None:
    runs(root, Judge())
    other = Judge()
    runs(root, other, *words)
    assert len(other.judged) == 3


def test_other_code_is_another_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a table of before an update and half of after would be of neither."""
    runs(root, Judge())
    monkeypatch.setattr(dataset_benchmark, "code_version", lambda: "after an update")
    other = Judge()
    runs(root, other)
    assert len(other.judged) == 3


@pytest.mark.parametrize("words", [("--threads", "2"), ("--progress", "p.json"), ("--seeds", "1"), ("--out", "o")])
def test_where_and_how_fast_it_runs_makes_no_other_run(root: Path, words: tuple[str, ...]) -> None:
    runs(root, Judge())
    same = Judge()
    runs(root, same, *words)
    assert same.judged == []


def test_another_image_makes_another_run_of_its_product_only(root: Path) -> None:
    runs(root, Judge())
    image = root / "03" / "train" / "ok" / "000.bmp"
    image.rename(image.with_name("900.bmp"))
    again = Judge()
    runs(root, again)
    assert again.judged == [("03", 1)]


def test_other_textures_make_another_run(root: Path) -> None:
    """The folder's content counts, not its name alone."""
    textures = root.parent / "textures"
    write_product(textures)
    words = ("--textures", str(textures))
    runs(root, Judge(), *words)
    next(textures.rglob("*.png")).unlink()
    again = Judge()
    runs(root, again, *words)
    assert len(again.judged) == 3


def test_several_seeds_are_runs_of_their_own_and_one_mean(root: Path) -> None:
    judge = Judge()
    found = runs(root, judge, "--seeds", "1,3")
    assert judge.judged[:2] == [("01", 1), ("01", 3)]
    lines = table([run for run in found if not isinstance(run, Refused)]).splitlines()
    assert [line.split(" | ")[0] for line in lines[4:]] == ["| 01", "| 03", "| bolt", "| **average**"]
    assert lines[2].split(" | ")[1:-1] == list(MAPS[:-1])
    assert lines[4] == "| 01 | 50.00 / - / - / - | - | - | - | - | 90.00 / 80.00 / 20.00 / 60.00 |"
    assert lines[4].split("|")[2:] == lines[7].split("|")[2:]


def test_a_product_that_cannot_be_judged_does_not_stop_the_others(root: Path) -> None:
    next((root / "03" / "ground_truth").rglob("*.bmp")).unlink()
    found = runs(root, Judge())
    refused = [run for run in found if isinstance(run, Refused)]
    assert [run.product for run in refused] == ["03"]
    assert "no mask" in refused[0].why
    assert len(found) == 3


def test_a_product_without_a_defective_pixel_does_not_stop_the_others(root: Path) -> None:
    class Particular(Judge):
        def __call__(self, dataset: Dataset, seed: int) -> Ablation:
            if dataset.name == "01":
                raise ValueError("needs scores of both kinds")
            return super().__call__(dataset, seed)

    found = runs(root, Particular())
    assert [type(run) for run in found] == [Refused, dict, dict]


def printed(root: Path, *words: str) -> Iterator[str]:
    said = ["benchmark-dataset", "--data", str(root), "--out", str(root.parent / "out"), "--device", "cpu", *words]
    return benchmark_dataset(parser().parse_args(said), prepare, lambda training, _: finished(training))


def test_both_layouts_are_trained_and_judged_and_the_second_time_only_read(tmp_path: Path) -> None:
    """The whole path on a tiny network: one line of JSON per product, then the table."""
    write_product(tmp_path / "data" / "01", BTAD)
    write_product(tmp_path / "data" / "bolt", MVTEC)
    *lines, markdown = printed(tmp_path / "data", "--only", "A")
    assert [json.loads(line)["product"] for line in lines] == ["01", "bolt"]
    assert set(json.loads(lines[0])["maps"]["A"]) == {"image_auroc", "pixel_auroc", "pixel_aupr", "aupro"}
    assert markdown.splitlines()[-1].startswith("| **average** | ")
    assert list(printed(tmp_path / "data", "--only", "A")) == [*lines, markdown]


def test_what_was_refused_is_said_at_the_end(tmp_path: Path) -> None:
    """The others are judged first, with the method's own maps where only those are asked for."""
    write_product(tmp_path / "data" / "01", BTAD)
    write_product(tmp_path / "data" / "few", MVTEC, training=7)
    lines = printed(tmp_path / "data", "--only", "A")
    said = [next(lines), next(lines)]
    with pytest.raises(ProductsRefused, match=r"few: .*eight good images"):
        next(lines)
    assert [json.loads(line)["product"] for line in said[:-1]] == ["01"]
    assert list(json.loads(said[0])["maps"]) == ["A", "A_nf", "A_p"]


def test_ablate_keeps_the_bundle_where_it_is_asked_to(tmp_path: Path) -> None:
    root = write_product(tmp_path / "plate")
    words = ["ablate", "--data", str(root), "--out", str(tmp_path / "kept"), "--only", "A", "--device", "cpu"]
    said = ablate(parser().parse_args(words), prepare, lambda training, _: finished(training))
    shown, line = said
    assert shown.startswith("plate: 4 images")
    assert json.loads(line)["dataset"] == "plate"
    assert (tmp_path / "kept" / "bundle.json").exists()
