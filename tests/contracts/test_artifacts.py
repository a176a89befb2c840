"""One promise, three stores: the twin, a folder, and an object store by URL (here one in this process)."""

import threading
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.adapters.artifacts import FsspecArtifacts, check_name
from core.adapters.in_memory import MemoryArtifacts
from core.errors import ArtifactMissing, ArtifactsUnavailable, ArtifactTooLarge, SettingRefused
from core.ports import ArtifactStore
from core.retention import ArtifactShelf, Folder


class Store(ArtifactStore, ArtifactShelf, Protocol):
    """What everybody uses, and what clears it."""


def new(folder: Path) -> FsspecArtifacts:
    """A store whose folder was made for it."""
    made = FsspecArtifacts(str(folder))
    made.make()
    return made


OPENERS: dict[str, Callable[[Path], Store]] = {
    "twin": lambda _: MemoryArtifacts(),
    "folder": lambda folder: new(folder / "artifacts"),
    "object store": lambda _: FsspecArtifacts(f"memory://{uuid.uuid4().hex}/prefix"),
}


@pytest.fixture(params=OPENERS)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    return OPENERS[request.param](tmp_path)


def test_what_is_put_comes_back(store: ArtifactStore) -> None:
    """Every byte, also none."""
    for content in (b"", bytes(range(256)) * 4096):
        assert store.get(store.put("frames/2026-11-24/camera/1.png", content)) == content


def test_putting_the_same_again_changes_nothing(store: ArtifactStore) -> None:
    """A worker that judged a frame again stores it again: same URI, same content."""
    assert store.put("frames/1.png", b"x") == store.put("frames/1.png", b"x")
    assert store.get(store.put("frames/1.png", b"x")) == b"x"


def test_what_lies_in_a_days_folder_is_listed_and_can_be_removed(store: Store) -> None:
    """By kind and day, at any depth; removing it again changes nothing."""
    assert store.days(Folder.FRAMES) == []
    assert store.files(Folder.FRAMES, "2026-11-24") == []
    old, new = (store.put(f"frames/2026-11-{day}/top/start/1.png", b"x") for day in (23, 24))
    other = store.put("maps/2026-11-23/top/1.npz", b"x")
    assert store.days(Folder.FRAMES) == ["2026-11-23", "2026-11-24"]
    (found,) = store.files(Folder.FRAMES, "2026-11-23")
    assert found.uri == old
    assert abs((datetime.now(UTC) - found.written_at).total_seconds()) < 60
    for _ in range(2):
        store.delete(old)
    assert store.files(Folder.FRAMES, "2026-11-23") == []
    assert store.get(new) == store.get(other) == b"x"


def test_what_was_never_put_is_missing(store: ArtifactStore) -> None:
    """The store is there and says so."""
    uri = store.put("frames/1.png", b"x")
    with pytest.raises(ArtifactMissing):
        store.get(uri.replace("1.png", "2.png"))


def test_what_is_longer_than_it_should_be_is_not_loaded(store: ArtifactStore) -> None:
    """A stranger's record may claim any object; the limit itself is not beyond it."""
    uri = store.put("frames/1.png", b"x" * 1000)
    assert store.get(uri, 1000) == b"x" * 1000
    with pytest.raises(ArtifactTooLarge):
        store.get(uri, 999)


@pytest.mark.parametrize(
    "uri", ["", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/x", "frames/1.png", "file://../x", "memory:"]
)
def test_what_lies_outside_is_missing(store: ArtifactStore, uri: str) -> None:
    """A URI may come from a stranger: it opens nothing but this store."""
    with pytest.raises(ArtifactMissing):
        store.get(uri)


@pytest.mark.parametrize(
    "escape", ["../secret", "frames/../../secret", "./../secret", "frames//secret", "frames/%2e%2e/secret"]
)
def test_no_uri_climbs_out_of_the_store(tmp_path: Path, escape: str) -> None:
    """Not by dots, nor by doubled or encoded ones."""
    (tmp_path / "secret").write_bytes(b"secret")
    store = new(tmp_path / "artifacts")
    start = store.put("x", b"x").removesuffix("x")
    with pytest.raises(ArtifactMissing):
        store.get(start + escape)


def test_what_lies_in_another_store_is_as_good_as_removed(store: Store) -> None:
    """The store was changed, and old rows still name the old one: retention goes on."""
    store.delete("s3://another/frames/2026-11-24/1.png")
    store.delete("no url at all")


def test_a_folder_is_not_an_artifact(store: ArtifactStore) -> None:
    """A claim on one is a missing content, not a store in trouble: the line would wait for it forever."""
    uri = store.put("frames/day/1.png", b"x")
    with pytest.raises(ArtifactMissing):
        store.get(uri.removesuffix("/1.png"))


@pytest.mark.parametrize(
    "name", ["", "/x", "../x", "a/../x", "a//b", "a/", "./a", "a\\b", "a\nb", "ä", "a b", "x" * 201]
)
def test_a_name_that_could_lead_astray_is_refused(tmp_path: Path, name: str) -> None:
    """Names are made by this project; one like these is a mistake in it."""
    with pytest.raises(ValueError, match="name"):
        FsspecArtifacts(str(tmp_path)).put(name, b"x")


@given(st.text(alphabet="a1./-_=", max_size=40))
def test_every_accepted_name_stays_inside(name: str) -> None:
    """Whatever is made of dots and slashes."""
    try:
        check_name(name)
    except ValueError:
        return
    assert Path("/store", name).resolve().is_relative_to("/store")
    assert Path("/store", name).resolve() != Path("/store")


def test_a_store_that_is_gone_is_not_a_missing_object(tmp_path: Path) -> None:
    """A folder that is no longer mounted: the frame waits, it is not written off."""
    folder = tmp_path / "artifacts"
    store = new(folder)
    uri = store.put("frames/1.png", b"x")
    folder.rename(tmp_path / "elsewhere")
    for opened in (store, FsspecArtifacts(str(folder))):
        for act in (opened.get, opened.delete, lambda _: opened.put("frames/2.png", b"x")):  # noqa: B023
            with pytest.raises(ArtifactsUnavailable, match="mount it"):
                act(uri)
    assert not folder.exists()
    (tmp_path / "elsewhere").rename(folder)
    assert FsspecArtifacts(str(folder)).get(uri) == b"x"


def test_a_store_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """Here a file lies where a folder should be."""
    store = FsspecArtifacts(str(tmp_path))
    store.put("frames", b"a file")
    with pytest.raises(ArtifactsUnavailable):
        store.put("frames/1.png", b"x")


def test_readers_never_see_half_an_artifact(tmp_path: Path) -> None:
    """While one writes the same name over and over, every reader gets one whole version."""
    store = FsspecArtifacts(str(tmp_path))
    versions = [bytes([number]) * 100_000 for number in range(2)]
    uri = store.put("frames/1.png", versions[0])
    writer = threading.Thread(target=lambda: [store.put("frames/1.png", versions[turn % 2]) for turn in range(100)])
    writer.start()
    while writer.is_alive():
        assert store.get(uri) in versions
    writer.join()
    assert [path.name for path in (tmp_path / "frames").iterdir()] == ["1.png"], "nothing half written is left behind"


def test_a_bucket_that_does_not_answer_is_not_a_missing_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody listens on this port."""
    pytest.importorskip("s3fs", reason="the extra s3 is not installed: pip install -e .[s3]")
    for name, value in {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    store = FsspecArtifacts("s3://bucket/prefix")
    with pytest.raises(ArtifactsUnavailable):
        store.get("s3://bucket/prefix/frames/1.png")
    with pytest.raises(ArtifactsUnavailable):
        store.put("frames/1.png", b"x")


def test_an_unknown_kind_of_url_is_refused_by_its_setting() -> None:
    """At start, where somebody is watching."""
    with pytest.raises(SettingRefused, match="ARTIFACT_URL"):
        FsspecArtifacts("gopher-store://x")
