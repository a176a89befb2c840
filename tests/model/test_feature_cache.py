"""Features are computed once and kept, in memory or in a file, without a difference."""

import errno
import os
import tempfile
from pathlib import Path
from typing import IO

import numpy as np
import pytest
import torch

from model.config import NetworkConfig
from model.feature_cache import NoRoomForFeatures, empty_caches, features_of, kept_of
from model.network import Network
from tests.model.pictures import part
from tests.model.trials import finished

CONFIG = NetworkConfig(encoder="resnet18", height=64, width=64, flow_blocks=1, position_channels=16)
CPU = torch.device("cpu")
MOST = 600_000


@pytest.fixture(scope="module")
def network() -> Network:
    torch.manual_seed(1)
    return Network(CONFIG)


def test_every_vector_of_a_small_set_is_kept_with_its_position(network: Network) -> None:
    """64 x 64 pixels are 8 x 8, 4 x 4 and 2 x 2 positions."""
    pictures = [part(number) for number in range(10)]
    told: list[float] = []
    fine, middle, coarse = finished(features_of(pictures, network, CPU, memory_mib=100, most=MOST), told)
    assert told == [0.8, 1.0]
    assert [tuple(level.vectors.shape) for level in (fine, middle, coarse)] == [(640, 128), (160, 256), (40, 512)]
    assert fine.positions.tolist() == list(range(64)) * 10


def test_features_in_a_file_are_those_in_memory(network: Network) -> None:
    pictures = [part(number) for number in range(3)]
    kept, mapped = (finished(features_of(pictures, network, CPU, memory_mib, most=MOST)) for memory_mib in (100, 0))
    for ours, theirs in zip(kept, mapped, strict=True):
        assert torch.equal(ours.vectors, theirs.vectors)
        assert torch.equal(ours.positions, theirs.positions)


def test_a_large_set_is_thinned_evenly(network: Network) -> None:
    """As many of each picture, at positions drawn anew for each."""
    fine, _, _ = finished(features_of([part(number) for number in range(10)], network, CPU, memory_mib=100, most=100))
    per_picture = fine.positions.view(10, 10).numpy()
    assert all(len(np.unique(row)) == 10 for row in per_picture)
    assert len({tuple(row) for row in per_picture}) > 1


def test_a_wide_map_is_bounded_in_bytes() -> None:
    """Of maps of 512, 1024 and 2048 channels as many bytes each are kept at most, of narrow ones as many vectors."""
    network = Network(NetworkConfig(encoder="resnet50", height=64, width=64, flow_blocks=1, position_channels=16))
    wide = empty_caches(10, network, memory_mib=100, most=80)
    assert [tuple(level.vectors.shape) for level in wide] == [(80, 512), (40, 1024), (20, 2048)]
    narrow = empty_caches(10, Network(CONFIG), memory_mib=100, most=80)
    assert [len(level.positions) for level in narrow] == [80, 80, 40]


def test_every_picture_keeps_at_least_one_vector() -> None:
    assert kept_of(1024, 10_000_000, MOST) == 1
    assert kept_of(1024, 100, MOST) == 1024


def test_a_mapped_file_has_its_room_before_it_is_written(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file with holes would end the process where the disk is full by then."""
    files: list[IO[bytes]] = []

    def kept() -> IO[bytes]:
        files.append((tmp_path / str(len(files))).open("wb+"))
        return files[-1]

    monkeypatch.setattr(tempfile, "TemporaryFile", kept)
    fine, _, _ = empty_caches(100, network, memory_mib=0, most=MOST)
    assert (tmp_path / "0").stat().st_blocks * 512 >= fine.vectors.nbytes > 1_000_000


def test_a_full_disk_is_told(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_file: int, _start: int, _size: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(NoRoomForFeatures, match=r"TMPDIR.*MiB in .*No space left"):
        finished(features_of([part(0)], network, CPU, memory_mib=0, most=MOST))
