"""Engines: graphs of fixed sizes answer for batches of any size, and are kept on disk whole or not at all."""

from functools import partial
from pathlib import Path
from threading import Barrier, Thread

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from model.engines import opening
from model.engines.choice import EngineName, reference
from model.engines.kept import GraphKey, forget_graph, keep_graph, kept_graph
from model.engines.machine import this_machine
from model.engines.opening import key_of
from model.engines.port import EagerEngine, Flat, Graph, GraphEngine, Outputs, pieces
from model.network import InferenceNetwork, Network
from tests.model.bundles import CONFIG

torch.set_num_threads(1)
COMPILED = EngineName("inductor", "cpu", "float32")


def key(sha256: str = "a" * 64, capability: str = "x86_64 AVX2", sizes: tuple[int, ...] = (1, 8)) -> GraphKey:
    return GraphKey(sha256, COMPILED, "torch2.14", capability, sizes)


def fixed(network: InferenceNetwork, size: int) -> Graph:
    """A graph that takes exactly as many images as it was made for, as compiled ones do."""

    def run(images: torch.Tensor) -> Outputs:
        assert len(images) == size
        return Flat(network)(images)

    return run


@given(st.integers(0, 100), st.sets(st.integers(1, 40), min_size=1))
def test_pieces_take_every_image_once_and_never_more_than_a_graph_holds(count: int, sizes: set[int]) -> None:
    found = pieces(count, tuple(sizes))
    assert sum(used for _, used in found) == count
    assert all(size in sizes and 0 < used <= size for size, used in found)


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, [(1, 1)]), (8, [(8, 8)]), (5, [(8, 5)]), (2, [(1, 1), (1, 1)]), (17, [(8, 8), (8, 8), (1, 1)])],
)
def test_a_lone_part_is_not_padded_to_a_whole_batch(count: int, expected: list[tuple[int, int]]) -> None:
    assert pieces(count, (1, 8)) == expected


def test_padding_changes_no_answer() -> None:
    """Graphs of 3 alone, and of 1 and 3, beside the reference, for batches from 1 to 7: within 1e-4."""
    torch.manual_seed(2)
    network = InferenceNetwork(Network(CONFIG).eval())
    images = torch.randn(7, 3, 64, 64)
    alone = EagerEngine(reference("cpu"), network)(images)
    for sizes in ((3,), (1, 3)):
        engine = GraphEngine(COMPILED, {size: fixed(network, size) for size in sizes})
        for count in range(1, 8):
            found = engine(images[:count])
            pairs = [(found.classified, alone.classified), (found.features, alone.features)]
            pairs += list(zip(found.log_likelihoods, alone.log_likelihoods, strict=True))
            for values, expected in pairs:
                assert len(values) == count
                assert (values - expected[:count]).abs().max() <= 1e-4 * (expected.max() - expected.min())


def test_bfloat16_changes_the_trained_network_in_nothing() -> None:
    """Its rounded form is a copy; and its answers come in float32."""
    from model.engines.opening import Subject, eager

    network = Network(CONFIG).eval()
    before = {name: values.clone() for name, values in network.state_dict().items()}
    engine = eager(EngineName("torch", "cpu", "bfloat16"), Subject(network, CONFIG, torch.device("cpu")))
    raw = engine(torch.randn(1, 3, 64, 64))
    assert {values.dtype for values in (raw.classified, *raw.log_likelihoods, raw.features)} == {torch.float32}
    assert all(torch.equal(values, before[name]) for name, values in network.state_dict().items())


def test_a_graph_is_made_once_and_found_again(tmp_path: Path) -> None:
    made: list[Path] = []

    def write(folder: Path) -> None:
        made.append(folder)
        (folder / "graph").write_text("whole")

    assert kept_graph(tmp_path, key()) is None
    first, second = (keep_graph(tmp_path, key(), write) for _ in range(2))
    assert first == second == kept_graph(tmp_path, key())
    assert (first / "graph").read_text() == "whole"
    assert len(made) == 1
    forget_graph(tmp_path, key())
    assert kept_graph(tmp_path, key()) is None


def test_two_that_want_the_same_graph_make_it_once(tmp_path: Path) -> None:
    """The second waits for the first; both stand in the door at the same time."""
    door, made = Barrier(2, timeout=10), []

    def want() -> None:
        door.wait()
        keep_graph(tmp_path, key(), made.append)

    threads = [Thread(target=want) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(made) == 1


def test_a_compiler_that_fails_leaves_nothing_that_looks_like_a_graph(tmp_path: Path) -> None:
    def write(folder: Path) -> None:
        (folder / "graph").write_text("half")
        raise RuntimeError("the compiler ended")

    with pytest.raises(RuntimeError):
        keep_graph(tmp_path, key(), write)
    assert kept_graph(tmp_path, key()) is None
    assert [path for path in tmp_path.iterdir() if path.is_dir()] == []


def test_a_graph_is_good_for_one_bundle_one_processor_and_its_sizes() -> None:
    names = {
        key().folder_name,
        key(sha256="b" * 64).folder_name,
        key(capability="x86_64 AVX512+AMX").folder_name,
        key(sizes=(8,)).folder_name,
    }
    assert len(names) == 4
    assert all("/" not in name and " " not in name for name in names)
    with pytest.raises(ValueError, match="at least one"):
        key(sizes=())


def test_a_graph_that_other_code_made_is_another_graph(monkeypatch: pytest.MonkeyPatch) -> None:
    """After an update of what graphs are made from, kept ones are made anew."""
    key_now = partial(key_of, COMPILED, "a" * 64, this_machine())
    before = key_now().folder_name
    assert key_now().folder_name == before
    monkeypatch.setattr(opening, "getsource", lambda module: f"{module.__name__} of another day")
    assert key_now().folder_name != before
