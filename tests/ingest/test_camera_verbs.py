"""The cameras' rows from a terminal: added, changed, switched, removed; no password in what is printed."""

import pytest

from core.adapters.in_memory_ledger import MemoryLedger
from core.camera import DropPolicy, RefusedCamera
from core.errors import CameraChanged, SettingRefused, UnknownCamera
from ingest import camera_verbs
from ingest.camera_verbs import Desk
from tests.ingest.twins import NOON

SOURCE = "rtsp://operator:secret@camera/1"
ADD = f"add line1-top --source {SOURCE} --product nut --rate 5"


def said(ledger: MemoryLedger, words: str, typed: str = "") -> str:
    return "\n".join(camera_verbs.run(words.split(), lambda: Desk(ledger, NOON, lambda: typed)))


def test_an_added_camera_is_listed_without_its_password() -> None:
    """With all else a person wants to know."""
    ledger = MemoryLedger()
    line = "line1-top  enabled  nut  5/s  block  rtsp://***@camera/1"
    assert said(ledger, ADD) == line
    assert said(ledger, "list") == line
    assert ledger.cameras()[0].source == SOURCE


def test_without_a_camera_the_list_says_how_to_add_one() -> None:
    """Instead of nothing."""
    assert "camera add" in said(MemoryLedger(), "list")


def test_a_camera_can_be_added_without_starting_it() -> None:
    """And started later."""
    ledger = MemoryLedger()
    said(ledger, f"{ADD} --disabled --policy drop-newest")
    (added,) = ledger.cameras()
    assert (added.enabled, added.policy) == (False, DropPolicy.DROP_NEWEST)
    said(ledger, "enable line1-top")
    assert ledger.cameras()[0].enabled
    said(ledger, "disable line1-top")
    assert not ledger.cameras()[0].enabled


def test_only_what_is_named_is_changed() -> None:
    """The password need not be typed again."""
    ledger = MemoryLedger()
    said(ledger, ADD)
    said(ledger, "change line1-top --rate 2.5 --policy drop-oldest")
    (changed,) = ledger.cameras()
    assert (changed.rate, changed.policy) == (2.5, DropPolicy.DROP_OLDEST)
    assert (changed.source, changed.product) == (SOURCE, "nut")


def test_a_source_can_be_typed_so_that_no_command_line_holds_it() -> None:
    """The shell's history and the list of processes are read by others."""
    ledger = MemoryLedger()
    said(ledger, "add line1-top --source - --product nut --rate 5", typed=f"{SOURCE}\n")
    assert ledger.cameras()[0].source == SOURCE


def test_a_removed_camera_is_gone() -> None:
    """Its inspections stay, which are no business of this."""
    ledger = MemoryLedger()
    said(ledger, ADD)
    assert said(ledger, "remove line1-top") == "line1-top  removed"
    assert ledger.cameras() == []


@pytest.mark.parametrize("verb", ["change", "enable", "disable", "remove"])
def test_a_camera_nobody_added_is_unknown(verb: str) -> None:
    """The remedy is in the message."""
    with pytest.raises(UnknownCamera, match="camera list"):
        said(MemoryLedger(), f"{verb} line9")


def test_a_camera_is_not_added_twice() -> None:
    """Whoever means to change it says so."""
    ledger = MemoryLedger()
    said(ledger, ADD)
    with pytest.raises(SettingRefused, match="use `change`"):
        said(ledger, ADD)


def test_a_camera_that_somebody_else_changed_meanwhile_is_refused() -> None:
    """The look and the change are two moments."""
    ledger = MemoryLedger()
    said(ledger, ADD)

    class Overtaken(MemoryLedger):
        def change_camera(self, change, at, who, why):  # type: ignore[no-untyped-def]
            said(ledger, "disable line1-top")
            ledger.change_camera(change, at, who, why)

        def cameras(self):  # type: ignore[no-untyped-def]
            return ledger.cameras()

    with pytest.raises(CameraChanged):
        said(Overtaken(), "change line1-top --rate 9")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("add Line1 --source usb:0 --product nut --rate 5", "camera must match"),
        ("add line1 --source rtps://operator:secret@camera --product nut --rate 5", "write one of folder:DIR"),
        ("add line1 --source usb:0 --product nut --rate 0", "rate must be a positive number"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_without_a_password(words: str, says: str) -> None:
    """Before anything is written."""
    ledger = MemoryLedger()
    with pytest.raises(SettingRefused) as refused:
        said(ledger, words)
    assert says in str(refused.value)
    assert "secret" not in str(refused.value)
    assert ledger.cameras() == []


def test_a_mistyped_command_line_is_repeated_without_its_password(capsys: pytest.CaptureFixture[str]) -> None:
    """What argparse does not understand it prints."""
    with pytest.raises(SystemExit):
        said(MemoryLedger(), f"{ADD} --sorce {SOURCE}")
    printed = capsys.readouterr().err
    assert "--sorce" in printed
    assert "secret" not in printed


def test_a_row_that_was_written_by_hand_is_listed_and_refused() -> None:
    """With what is wrong with it; no verb changes it."""
    ledger = MemoryLedger()
    said(ledger, ADD)
    ledger.refused_rows.append(RefusedCamera("line1 top", "camera must match [a-z]"))
    assert said(ledger, "list").splitlines()[-1] == "line1 top  refused  camera must match [a-z]"
    ledger.refused_rows.append(RefusedCamera("line2", "rate must be positive"))
    with pytest.raises(SettingRefused, match="rate must be positive"):
        said(ledger, "enable line2")
