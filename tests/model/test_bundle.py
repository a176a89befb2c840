"""Bundles: what is written comes back, and nothing else is taken for it."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import BundleRefused
from model.bundle import LETTER_NAME, WEIGHTS_NAME, bundle_sha256, load_bundle, read_letter
from model.detector import load_detector
from model.framing import Framing
from model.letter import from_json, to_json
from tests.model.bundles import letter, write_bundle


def test_a_letter_survives_json() -> None:
    written = letter("a" * 64)
    assert from_json(to_json(written)) == written


def test_a_letter_of_tiles_survives_json() -> None:
    written = letter("a" * 64, framing=Framing(64, 640, 64, 64, 8))
    assert from_json(to_json(written)) == written


def test_a_letter_from_before_there_were_framings_scales_pictures_to_the_networks_input() -> None:
    """Nor did it know a minimum area."""
    stored = json.loads(to_json(letter("a" * 64)))
    del stored["framing"], stored["score_rule"]["minimum_area"], stored["network"]["flow_weights"]
    read = from_json(json.dumps(stored))
    assert read.framing == Framing.whole(64, 64)
    assert read.network.flow_weights == (1, 1, 1)
    written = letter("a" * 64)
    assert replace(read, network=written.network) == written


def test_a_letter_whose_tiles_are_no_inputs_of_its_network_is_refused() -> None:
    stored = json.loads(to_json(letter("a" * 64)))
    stored["framing"] |= {"tile_height": 96, "height": 96}
    with pytest.raises(BundleRefused, match="no inputs"):
        from_json(json.dumps(stored))


def test_a_bundle_comes_back_as_written(tmp_path: Path) -> None:
    written = write_bundle(tmp_path / "b")
    read, tensors = load_bundle(tmp_path / "b", bundle_sha256(tmp_path / "b"))
    assert read == written == read_letter(tmp_path / "b")
    assert "encoder.conv1.weight" in tensors
    assert sorted(path.name for path in (tmp_path / "b").iterdir()) == [LETTER_NAME, WEIGHTS_NAME]


def test_the_hash_is_that_of_both_hashes(tmp_path: Path) -> None:
    """So that it can be worked out with sha256sum alone."""
    write_bundle(tmp_path)
    script = (
        "printf %s%s $(sha256sum < weights.safetensors | cut -c-64) $(sha256sum < bundle.json | cut -c-64) | sha256sum"
    )
    outside = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert bundle_sha256(tmp_path) == outside[:64]


@pytest.mark.parametrize("name", [LETTER_NAME, WEIGHTS_NAME])
def test_a_changed_byte_is_refused(tmp_path: Path, name: str) -> None:
    write_bundle(tmp_path)
    expected = bundle_sha256(tmp_path)
    content = bytearray((tmp_path / name).read_bytes())
    content[-2] ^= 1
    (tmp_path / name).write_bytes(bytes(content))
    with pytest.raises(BundleRefused):
        load_detector(tmp_path, "cpu", expected)


def test_changed_weights_are_refused_even_where_nobody_registered_a_hash(tmp_path: Path) -> None:
    write_bundle(tmp_path)
    content = bytearray((tmp_path / WEIGHTS_NAME).read_bytes())
    content[-2] ^= 1
    (tmp_path / WEIGHTS_NAME).write_bytes(bytes(content))
    with pytest.raises(BundleRefused, match="not the file"):
        load_detector(tmp_path, "cpu")


@pytest.mark.parametrize("name", [LETTER_NAME, WEIGHTS_NAME])
def test_half_a_bundle_is_refused(tmp_path: Path, name: str) -> None:
    write_bundle(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(BundleRefused):
        load_detector(tmp_path, "cpu")


@pytest.mark.parametrize(
    ("field", "value"),
    [("format", 2), ("threshold", None), ("weight", "x"), ("network", {"encoder": "resnet18"}), ("unheard_of", 1)],
)
def test_a_letter_that_says_something_else_is_refused(field: str, value: object) -> None:
    stored = json.loads(to_json(letter("a" * 64)))
    stored[field] = value
    with pytest.raises(BundleRefused):
        from_json(json.dumps(stored))


def test_a_letter_is_read_without_torch(tmp_path: Path) -> None:
    write_bundle(tmp_path)
    program = (
        "import sys; from pathlib import Path; from model.bundle import bundle_sha256, read_letter\n"
        "folder = Path(sys.argv[1]); print(read_letter(folder).threshold, bundle_sha256(folder))\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == 0
