"""Datasets in MVTec AD's layout, and a detector held against one."""

import json
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest

from core.frame import Image
from core.verdict import ScoreMap
from model.datasets import DatasetRefused, GoodPart, MaskedPart, products_below, read_dataset, truth
from model.evaluation import evaluate
from tests.model.datasets_on_disk import BTAD, BTAD_BITMAPS, MVTEC, Layout, write_product


def write(path: Path, pixels: np.ndarray) -> Path:
    """A picture file with its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), pixels)
    return path


def write_dataset(root: Path, masks: bool = True) -> Path:
    """Two good parts and two with a light square."""
    plain = np.full((64, 64), 90, np.uint8)
    for number in range(2):
        write(root / "train/good" / f"{number}.png", plain)
        write(root / "test/good" / f"{number}.png", plain)
        scratched, mask = plain.copy(), np.zeros_like(plain)
        scratched[10:20, 10 + number : 30] = 200
        mask[10:20, 10 + number : 30] = 255
        write(root / "test/scratch" / f"{number}.png", scratched)
        if masks:
            write(root / "ground_truth/scratch" / f"{number}_mask.png", mask)
    return root


class BrightnessDetector:
    """Calls anomalous what is bright."""

    engine = "brightness"

    def score(self, images: Sequence[Image]) -> list[ScoreMap]:
        """The brightness as every map."""
        return [self._one(image.pixels[:, :, 0].astype(np.float32)) for image in images]

    def _one(self, values: np.ndarray) -> ScoreMap:
        return ScoreMap(-values, values, values, float(values.max()), np.zeros(1, np.float32))


def test_a_dataset_is_read_with_its_masks(tmp_path: Path) -> None:
    """Every defective part with the mask of its name, in the order of paths."""
    dataset = read_dataset(write_dataset(tmp_path / "plate"))
    good, _, first, _ = dataset.tests
    assert (dataset.name, len(dataset.training), len(dataset.tests)) == ("plate", 2, 4)
    assert isinstance(good, GoodPart)
    assert isinstance(first, MaskedPart)
    assert first.mask.name == "0_mask.png"
    assert dataset.has_masks


def test_a_dataset_without_masks_is_one_of_labels(tmp_path: Path) -> None:
    """Image figures only."""
    assert not read_dataset(write_dataset(tmp_path, masks=False)).has_masks


def test_a_missing_mask_is_named(tmp_path: Path) -> None:
    """Some masks and some not is a mistake, not a dataset of labels."""
    root = write_dataset(tmp_path)
    (root / "ground_truth/scratch/1_mask.png").unlink()
    with pytest.raises(DatasetRefused, match=r"1_mask\.png"):
        read_dataset(root)


def test_a_folder_of_another_layout_is_refused(tmp_path: Path) -> None:
    """No test folder; or no good part among the tests."""
    with pytest.raises(DatasetRefused, match="test"):
        read_dataset(tmp_path)
    write(tmp_path / "test/scratch/0.png", np.zeros((8, 8), np.uint8))
    with pytest.raises(DatasetRefused, match="0 good, 1 defective"):
        read_dataset(tmp_path)


def test_a_mask_is_shrunk_by_covered_area(tmp_path: Path) -> None:
    """A line of one pixel in four survives, a single pixel in sixteen does not."""
    drawn = np.zeros((64, 64), np.uint8)
    drawn[:, 4:6] = 255
    drawn[40, 40] = 255
    part = MaskedPart(tmp_path / "0.png", "scratch", write(tmp_path / "0_mask.png", drawn))
    found = truth(part, 16, 16)
    assert found[:, 1].all()
    assert found.sum() == 16


def test_a_perfect_and_a_reversed_map_get_what_they_deserve(tmp_path: Path) -> None:
    """A_p and A_nf see all, A is upside down but scored by the detector."""
    evaluation = evaluate(BrightnessDetector(), read_dataset(write_dataset(tmp_path)))
    figures = json.loads(evaluation.json_line())
    assert [row.score_map for row in evaluation.rows] == ["A_p", "A_nf", "A"]
    assert figures["A_p"] == figures["A_nf"]
    assert figures["A_p"]["image_auroc"] == figures["A"]["image_auroc"] == 100
    assert figures["A_p"]["pixel_auroc"] > 99
    assert figures["A"]["pixel_auroc"] < 1


def test_without_masks_only_the_image_figure_is_given(tmp_path: Path) -> None:
    """Dashes in the table, nothing in the JSON."""
    evaluation = evaluate(BrightnessDetector(), read_dataset(write_dataset(tmp_path, masks=False)))
    assert json.loads(evaluation.json_line())["A"] == {"image_auroc": 100}
    assert evaluation.table().splitlines()[-1].split() == ["A", "100.00", "-", "-", "-"]


@pytest.mark.parametrize("layout", [MVTEC, BTAD, BTAD_BITMAPS])
def test_both_layouts_are_told_apart_by_the_name_of_the_good(tmp_path: Path, layout: Layout) -> None:
    """BTAD's ok and ko, masks without a suffix of their own, bitmaps as well."""
    dataset = read_dataset(write_product(tmp_path / "01", layout))
    assert dataset.good_folder == tmp_path / "01" / "train" / layout.good
    assert len(dataset.training) == 8
    assert sorted(part.kind for part in dataset.tests) == sorted(["good", "good", layout.defect, layout.defect])
    masked = [part for part in dataset.tests if isinstance(part, MaskedPart)]
    assert [part.mask.name for part in masked] == [f"000{layout.mask}", f"001{layout.mask}"]
    assert [truth(part, 64, 64).sum() for part in masked] == [12 * 24, 12 * 20]


def test_a_kind_of_defect_may_be_called_ok_where_the_good_are_called_good(tmp_path: Path) -> None:
    """MVTec AD's name wins."""
    write_product(tmp_path, Layout("good", "ok", ".png", "_mask.png"))
    assert sum(part.kind == "ok" for part in read_dataset(tmp_path).tests) == 2


def test_products_are_the_folders_with_tests(tmp_path: Path) -> None:
    """Licences and other folders beside them are passed over; a product alone is no dataset."""
    (tmp_path / "readme.txt").write_text("")
    (tmp_path / "papers").mkdir()
    for name in ("02", "01"):
        write_product(tmp_path / name, BTAD)
    assert [path.name for path in products_below(tmp_path)] == ["01", "02"]
    with pytest.raises(DatasetRefused, match="no product folder"):
        products_below(tmp_path / "01")
