"""A bundle that was changed on its way is refused by name, and the model before it goes on judging."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from core.frame import sha256_of
from core.inspection import Inspection
from core.product import BundleRef
from core.verdict import Threshold
from model.bundle import LETTER_NAME, WEIGHTS_NAME, bundle_sha256
from tests.model.bundles import write_bundle
from tests.worker.in_memory_line import NOON, START, Line, frame
from worker.__main__ import _opener
from worker.brightness.__main__ import commission
from worker.bundle_loader import BundleLoader
from worker.compiling import Compilations
from worker.loop import Bench
from worker.settings import WorkerSettings


class LineOfBundles(Line):
    """A line whose worker loads its models as a worker process does: from the store, through every check."""

    def worker(self, cache: Path) -> Bench:
        settings = WorkerSettings(cache=cache, device="cpu", engine="torch-cpu-float32")
        self.load = BundleLoader(self.artifacts, cache, _opener(settings, Compilations()))  # type: ignore[method-assign]
        return self.bench()

    def commission(self, reject_from: float) -> int:
        threshold = Threshold(0.5, reject_from)
        return commission("disc", threshold, self.ledger, self.artifacts).id

    def judged(self, bench: Bench, sequence: int) -> int:
        """The model that judges one more frame; two seconds later, for a promotion is looked for every second."""
        self.clock.seconds += 2
        self.publish(frame(sequence))
        self.work(bench)
        result = self.ledger.results["cam", START, sequence]
        assert isinstance(result, Inspection), result
        return result.judge.model_version_id


def flipped(content: bytes) -> bytes:
    return content[:-1] + bytes([content[-1] ^ 1])


TAMPERINGS: dict[str, Callable[[bytes], bytes]] = {
    "changed": flipped,
    "cut": lambda content: content[: len(content) // 2],
    "empty": lambda _: b"",
    "longer": lambda content: content + b" ",
    "a pickle": lambda _: b"\x80\x04\x95\x1a\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94",
    "a bomb": lambda _: b"[" * 200_000,
}


@pytest.mark.parametrize("name", [LETTER_NAME, WEIGHTS_NAME])
@pytest.mark.parametrize("kind", TAMPERINGS)
def test_the_model_before_a_tampered_one_goes_on(tmp_path: Path, kind: str, name: str) -> None:
    """Every frame is judged by it, and the slot says why the other was refused."""
    line = LineOfBundles()
    first = line.commission(0.6)
    bench = line.worker(tmp_path)
    assert line.judged(bench, 1) == first
    second = line.commission(0.7)
    uri = line.ledger.versions[second - 1].bundle.uri.replace(LETTER_NAME, name)
    line.artifacts.contents[uri] = TAMPERINGS[kind](line.artifacts.contents[uri])
    assert [line.judged(bench, number) for number in (2, 3)] == [first, first]
    assert f"model {second} of disc was refused" in bench.slot.absence("disc")
    assert "is registered" in bench.slot.absence("disc")


def test_two_bundles_that_changed_places_are_both_refused(tmp_path: Path) -> None:
    """Each is whole; neither is the one that was promoted under its name."""
    line = LineOfBundles()
    first, second, third = (line.commission(reject_from) for reject_from in (0.6, 0.7, 0.8))
    line.ledger.promote(first, NOON, "test", "test")
    bench = line.worker(tmp_path)
    assert line.judged(bench, 1) == first
    places = [line.ledger.versions[number - 1].bundle.uri for number in (second, third)]
    contents = line.artifacts.contents
    contents[places[0]], contents[places[1]] = contents[places[1]], contents[places[0]]
    for sequence, promoted in enumerate((second, third), 2):
        line.ledger.promote(promoted, NOON, "test", "test")
        assert line.judged(bench, sequence) == first
        assert f"model {promoted} of disc was refused" in bench.slot.absence("disc")


def test_a_bundle_promoted_after_a_refused_one_is_taken(tmp_path: Path) -> None:
    """A refusal is of one version, not of the product."""
    line = LineOfBundles()
    first = line.commission(0.6)
    bench = line.worker(tmp_path)
    assert line.judged(bench, 1) == first
    second = line.commission(0.7)
    line.artifacts.contents[line.ledger.versions[second - 1].bundle.uri] = b"{}"
    assert line.judged(bench, 2) == first
    third = line.commission(0.8)
    assert line.judged(bench, 3) == third


@pytest.mark.parametrize(
    "uri", ["memory:../../etc/bundle.json", "file:///etc/bundle.json", "memory:bundles/../bundle.json", "/bundle.json"]
)
def test_a_bundle_that_lies_elsewhere_is_refused(tmp_path: Path, uri: str) -> None:
    """What the database names is fetched from the store or not at all."""
    line = LineOfBundles()
    first = line.commission(0.6)
    bench = line.worker(tmp_path / "cache")
    version = line.ledger.register("disc", BundleRef(uri, sha256_of(b"x")), Threshold(0.5, 0.6), NOON, "test")
    assert line.judged(bench, 1) == first
    line.ledger.promote(version.id, NOON, "test", "test")
    assert line.judged(bench, 2) == first
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


@pytest.mark.slow
def test_a_network_whose_letter_or_weights_are_hostile_leaves_the_one_before_it(tmp_path: Path) -> None:
    """Though it is registered under its very hash, as by somebody who may promote."""
    line = LineOfBundles()
    trained, hostile = tmp_path / "trained", tmp_path / "hostile"
    write_bundle(trained)
    first = register(line, trained)
    bench = line.worker(tmp_path / "cache")
    assert line.judged(bench, 1) == first
    letter = json.loads((trained / LETTER_NAME).read_text())
    for sequence, (name, value) in enumerate(HOSTILE_NETWORKS.items(), 2):
        hostile.mkdir(exist_ok=True)
        (hostile / WEIGHTS_NAME).write_bytes((trained / WEIGHTS_NAME).read_bytes())
        said = letter | {"network": letter["network"] | {name: value}}
        (hostile / LETTER_NAME).write_text(json.dumps(said))
        refused = register(line, hostile)
        assert line.judged(bench, sequence) == first, name
        assert f"model {refused} of disc was refused" in bench.slot.absence("disc")


HOSTILE_NETWORKS: dict[str, object] = {
    "encoder": "hf-hub:somebody/network",
    "flow_blocks": 1_000_000_000,
    "position_channels": 32,
    "unheard_of": 1,
}


def register(line: Line, folder: Path) -> int:
    """Upload and promote, as `promote` did before it looked."""
    sha256 = bundle_sha256(folder)
    for name in (WEIGHTS_NAME, LETTER_NAME):
        uri = line.artifacts.put(f"bundles/disc/{sha256}/{name}", (folder / name).read_bytes())
    version = line.ledger.register("disc", BundleRef(uri, sha256), Threshold(1.0, 2.0), NOON, "test")
    line.ledger.promote(version.id, NOON, "test", "test")
    return version.id
