"""A camera signs what it publishes with its own key, or says why it cannot."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from core.adapters.in_memory import MemoryBus
from core.errors import SettingRefused
from core.signature import CameraKey, doubts_of
from core.wire import to_record
from ingest import camera_verbs
from ingest.settings import IngestSettings
from ingest.signing import key_line, key_of, refuse_one_key_for_all, with_signature
from tests.worker.in_memory_line import NOON, frame

KEY = CameraKey(b"k" * 32)
HEX = KEY.secret.hex()


def nobody() -> camera_verbs.Desk:
    raise AssertionError("a new key needs no database")


def test_every_record_leaves_signed() -> None:
    bus = MemoryBus(lambda: NOON, lambda _: {})
    publisher = with_signature(bus, KEY)
    publisher.publish(to_record(frame(1))).result()
    ((record, _),) = bus.logs[0]
    assert doubts_of(record, {"cam": (KEY,)}) == ""
    publisher.close(1)


def test_without_a_key_nothing_changes() -> None:
    bus = MemoryBus(lambda: NOON, lambda _: {})
    assert with_signature(bus, key_of("cam", IngestSettings())) is bus


def test_a_single_camera_has_its_key_in_a_setting() -> None:
    assert key_of("cam", IngestSettings(signing_key=SecretStr(HEX))) == KEY


def test_one_of_many_finds_its_newest_key_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_text(f"{key_line('other')}\ncam {'0' * 64}\ncam {HEX}\n")
    assert key_of("cam", IngestSettings(signing_keys=str(path))) == KEY
    with pytest.raises(SettingRefused, match="no key for third"):
        key_of("third", IngestSettings(signing_keys=str(path)))


def test_a_key_that_is_none_stops_the_camera_without_being_repeated() -> None:
    with pytest.raises(SettingRefused) as refusal:
        key_of("cam", IngestSettings(signing_key=SecretStr("not-a-key-but-secret")))
    assert "not-a-key" not in str(refusal.value)
    assert "not-a-key" not in repr(IngestSettings(signing_key=SecretStr("not-a-key-but-secret")))


def test_a_file_that_is_not_there_stops_the_camera(tmp_path: Path) -> None:
    with pytest.raises(SettingRefused, match="INGEST_SIGNING_KEYS"):
        key_of("cam", IngestSettings(signing_keys=str(tmp_path / "nowhere")))


def test_many_cameras_never_share_one_key() -> None:
    refuse_one_key_for_all(IngestSettings())
    with pytest.raises(SettingRefused, match="INGEST_SIGNING_KEYS"):
        refuse_one_key_for_all(IngestSettings(signing_key=SecretStr(HEX)))


def test_the_command_prints_a_line_for_both_files() -> None:
    """Another one every time, and without a look at the database."""
    one, other = (camera_verbs.run(["key", "cam"], nobody)[0] for _ in range(2))
    assert one.split()[0] == "cam"
    assert len(CameraKey.from_text(one.split()[1]).secret) == 32
    assert one != other
    with pytest.raises(SettingRefused):
        camera_verbs.run(["key", "../cam"], nobody)
