"""A bundle from elsewhere: whatever its two files hold, it is accepted whole or refused by name, in little memory."""

import json
import os
import struct
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from core.errors import BundleRefused
from core.frame import sha256_of
from model.bundle import LETTER_NAME, WEIGHTS_NAME, bundle_sha256, load_bundle
from model.letter import from_json, to_json
from model.strict.bundle import LETTER_BYTES, WEIGHTS_BYTES, check_bundle, check_json, check_letter, checked_sha256
from model.strict.tensors import check_tensors
from tests.model.bundles import letter, write_bundle

LETTER = json.loads(to_json(letter("a" * 64)))


def write_small(folder: Path, changes: dict[str, Any] | None = None) -> Path:
    """A bundle whose letter says this and whose weights are one number."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({"w": torch.ones(1)}, folder / WEIGHTS_NAME)
    said = LETTER | {"weights_sha256": sha256_of((folder / WEIGHTS_NAME).read_bytes())} | (changes or {})
    (folder / LETTER_NAME).write_text(json.dumps(said))
    return folder


def test_a_whole_bundle_passes(tmp_path: Path) -> None:
    """And its hash is the one that everybody else works out."""
    write_bundle(tmp_path)
    assert checked_sha256(tmp_path) == bundle_sha256(tmp_path)
    check_bundle(tmp_path, bundle_sha256(tmp_path))
    check_letter(tmp_path)
    check_tensors(tmp_path)


@pytest.mark.parametrize("name", [LETTER_NAME, WEIGHTS_NAME])
def test_a_changed_a_cut_and_a_missing_file_are_refused(tmp_path: Path, name: str) -> None:
    registered = bundle_sha256(write_small(tmp_path))
    content = (tmp_path / name).read_bytes()
    for hostile in (content[:-1], content[: len(content) // 2], b"", content + b" ", content.swapcase()):
        (tmp_path / name).write_bytes(hostile)
        with pytest.raises(BundleRefused, match="is registered"):
            check_bundle(tmp_path, registered)
    (tmp_path / name).unlink()
    with pytest.raises(BundleRefused, match=name):
        check_bundle(tmp_path, registered)


def test_another_bundle_in_its_place_is_refused(tmp_path: Path) -> None:
    """Whole, trained, and not the one that was promoted."""
    registered = bundle_sha256(write_small(tmp_path / "one"))
    with pytest.raises(BundleRefused, match="is registered"):
        check_bundle(write_small(tmp_path / "other", {"weight": 2.0}), registered)


def test_weights_that_the_letter_does_not_name_are_not_registered(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match="names"):
        checked_sha256(write_small(tmp_path, {"weights_sha256": "b" * 64}))


@pytest.mark.parametrize("name", [LETTER_NAME, WEIGHTS_NAME])
def test_a_link_is_not_followed(tmp_path: Path, name: str) -> None:
    """Whoever promotes a stranger's folder must not upload another file of this machine."""
    write_small(tmp_path / "b")
    (tmp_path / "secret").write_bytes((tmp_path / "b" / name).read_bytes())
    (tmp_path / "b" / name).unlink()
    (tmp_path / "b" / name).symlink_to(tmp_path / "secret")
    with pytest.raises(BundleRefused, match="link"):
        checked_sha256(tmp_path / "b")


@pytest.mark.parametrize("name", [LETTER_NAME, WEIGHTS_NAME])
def test_what_is_no_file_is_refused_without_waiting(tmp_path: Path, name: str) -> None:
    """A pipe never ends."""
    (write_small(tmp_path) / name).unlink()
    os.mkfifo(tmp_path / name)
    with pytest.raises(BundleRefused, match="no file"):
        checked_sha256(tmp_path)


@pytest.mark.parametrize(("name", "limit"), [(LETTER_NAME, LETTER_BYTES), (WEIGHTS_NAME, WEIGHTS_BYTES)])
def test_a_file_beyond_all_measure_is_refused_unread(tmp_path: Path, name: str, limit: int) -> None:
    os.truncate(write_small(tmp_path) / name, limit + 1)
    tracemalloc.start()
    with pytest.raises(BundleRefused, match="are accepted"):
        checked_sha256(tmp_path)
    assert tracemalloc.get_traced_memory()[1] < 4 * LETTER_BYTES
    tracemalloc.stop()


@pytest.mark.parametrize(
    "content",
    [b"[" * 100_000, b'{"a":' * 100_000, b"[]", b"1", b"", b'{"a": ' + b"9" * 5000 + b"}", b"\xff\xfe{}", b'{"a"'],
)
def test_json_that_is_none_or_a_trap_is_refused(content: bytes) -> None:
    """By its nesting before a parser sees it."""
    with pytest.raises(BundleRefused):
        check_json(content)


def test_a_text_without_an_end_is_refused_at_once() -> None:
    """Tried from each of its quotes it would take hours, and no other thread would run meanwhile."""
    with pytest.raises(BundleRefused):
        check_json(b'{"' + b'\\"' * 1_000_000)


def test_brackets_within_a_text_are_text() -> None:
    check_json(json.dumps({"reason": "[" * 1000 + '"\\'}).encode())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"weight": float("nan")}, "not a number"),
        ({"most_normal": float("inf")}, "not a number"),
        ({"likeliest": [1.0, float("nan"), 1.0]}, "not a number"),
        ({"calibration_scores": [float("-inf")]}, "not a number"),
        ({"network": LETTER["network"] | {"encoder": "hf-hub:somebody/network"}}, "architecture"),
        ({"network": LETTER["network"] | {"encoder": "local-dir:/tmp/x"}}, "architecture"),
        ({"network": LETTER["network"] | {"encoder": "../x"}}, "architecture"),
        ({"network": LETTER["network"] | {"flow_blocks": 1_000_000_000}}, "blocks"),
        ({"network": LETTER["network"] | {"position_channels": 4_000_000_000}}, "network"),
        ({"framing": LETTER["framing"] | {"height": 1_000_000_000}}, "sides"),
        ({"framing": LETTER["framing"] | {"overlap": 63}}, "share"),
        ({"weight": 10**400}, "Overflow"),
        ({"network": LETTER["network"] | {"encoder": None}}, "TypeError"),
        ({"network": LETTER["network"] | {"flow_blocks": 2.5}}, "whole number"),
        ({"threshold": {"review_from": float("nan"), "reject_from": 1.0}}, "finite"),
    ],
)
def test_a_letter_that_asks_for_what_cannot_be_is_refused(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    """Before a network is made of it, and before a name in it reaches a library that would fetch it."""
    with pytest.raises(BundleRefused, match=reason):
        check_letter(write_small(tmp_path, changes))


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, value: float) -> None:
    """One is enough, wherever it stands."""
    write_bundle(tmp_path)
    tensors = load_file(tmp_path / WEIGHTS_NAME)
    next(one for one in tensors.values() if one.is_floating_point()).view(-1)[-1] = value
    save_file(tensors, tmp_path / WEIGHTS_NAME)
    with pytest.raises(BundleRefused, match="not a number"):
        check_tensors(tmp_path)


def header(length: int, text: bytes, rest: bytes = b"") -> bytes:
    return struct.pack("<Q", length) + text + rest


TENSOR = b'{"w":{"dtype":"F32","shape":[%s],"data_offsets":[0,%s]}}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04\x95pickle",
        b"PK\x03\x04" + bytes(100),
        header(2**63, b"{}"),
        header(2**31, b"{}"),
        header(200_000_000, b"{}"),
        header(100_000, b"[" * 100_000),
        header(40, b'{"w":{"dtype":"F32","shape":[1],"data_off'),
        *(header(len(text), text, bytes(8)) for text in (TENSOR % (b"9" * 18, b"8"), TENSOR % (b"2", b"9" * 18))),
        *(header(len(text), text) for text in (TENSOR % (b"-1", b"4"), TENSOR % (b"1", b"4"))),
    ],
    ids=lambda content: f"{len(content)} bytes",
)
def test_a_file_that_is_no_safetensors_is_refused(tmp_path: Path, content: bytes) -> None:
    """Pickles, archives, lengths beyond the file, shapes beyond the data."""
    write_small(tmp_path)
    (tmp_path / WEIGHTS_NAME).write_bytes(content)
    with pytest.raises(BundleRefused):
        check_tensors(tmp_path)


Values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=8), inner, max_size=4)),
    max_leaves=8,
)


def paths(value: object, so_far: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Every place in the letter."""
    inner = [paths(one, (*so_far, name)) for name, one in value.items()] if isinstance(value, dict) else []
    return [path for found in inner for path in found] + ([so_far] if so_far else [])


def changed(path: tuple[str, ...], value: object) -> dict[str, Any]:
    """The letter with another value in this place."""
    copy: dict[str, Any] = json.loads(json.dumps(LETTER))
    place = copy
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return copy


@given(st.sampled_from(paths(LETTER)), Values)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_value_in_any_place_of_a_letter_is_read_or_refused(
    tmp_path: Path, path: tuple[str, ...], value: object
) -> None:
    """Only the one named error comes out."""
    (tmp_path / LETTER_NAME).write_text(json.dumps(changed(path, value)))
    with suppress(BundleRefused):
        check_letter(tmp_path)


@given(st.binary(max_size=400))
@settings(max_examples=200, deadline=None)
def test_any_bytes_as_a_letter_are_read_or_refused(content: bytes) -> None:
    with suppress(BundleRefused):
        check_json(content)
    with suppress(BundleRefused):
        from_json(content.decode(errors="replace"))


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_changed_weights_file_is_loaded_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    """Even where its hash was made to fit."""
    write_small(tmp_path)
    content = bytearray((tmp_path / WEIGHTS_NAME).read_bytes())
    for _ in range(data.draw(st.integers(1, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / WEIGHTS_NAME).write_bytes(bytes(content[: data.draw(st.integers(1, len(content)))]))
    said = LETTER | {"weights_sha256": sha256_of((tmp_path / WEIGHTS_NAME).read_bytes())}
    (tmp_path / LETTER_NAME).write_text(json.dumps(said))
    check: Callable[[Path], object]
    for check in (checked_sha256, check_tensors, load_bundle):
        with suppress(BundleRefused):
            check(tmp_path)
