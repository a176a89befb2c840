"""What every ledger promises about the cameras' rows: one body for the twin and for Postgres."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from core.adapters.ledger import PostgresLedger
from core.adapters.schema import audit
from core.camera import CameraChange, ConfiguredCamera, DropPolicy
from core.errors import CameraChanged
from tests.contracts.ledgers import TODAY, Ledger

TOP = ConfiguredCamera("line1-top", "rtsp://operator:secret@camera/1", "nut", 5.0, DropPolicy.DROP_OLDEST)
SIDE = ConfiguredCamera("line1-side", "usb:0", "bolt", 0.5, enabled=False)


def add(ledger: Ledger, *cameras: ConfiguredCamera) -> None:
    for camera in cameras:
        ledger.change_camera(CameraChange(None, camera), TODAY, "ada", "new line")


def test_cameras_come_by_name_as_they_were_saved(ledger: Ledger) -> None:
    """Those that are switched off included."""
    assert ledger.cameras() == []
    add(ledger, TOP, SIDE)
    assert ledger.cameras() == [SIDE, TOP]


def test_a_camera_is_changed_and_removed(ledger: Ledger) -> None:
    """The others stay as they are."""
    add(ledger, TOP, SIDE)
    faster = replace(TOP, rate=9.0)
    ledger.change_camera(CameraChange(TOP, faster), TODAY, "ada", "more parts")
    ledger.change_camera(CameraChange(SIDE, None), TODAY, "ada", "sold")
    assert ledger.cameras() == [faster]


@pytest.mark.parametrize(
    "change",
    [
        CameraChange(None, TOP),
        CameraChange(replace(TOP, rate=1.0), replace(TOP, rate=2.0)),
        CameraChange(replace(TOP, rate=1.0), None),
        CameraChange(replace(SIDE, rate=1.0), SIDE),
    ],
    ids=["added twice", "changed from what it is not", "removed as what it is not", "changed though it is not there"],
)
def test_a_change_that_does_not_start_from_what_is_there_is_refused(ledger: Ledger, change: CameraChange) -> None:
    """Or of two people who change a camera at once, the second would undo the first without knowing."""
    add(ledger, TOP)
    with pytest.raises(CameraChanged):
        ledger.change_camera(change, TODAY, "bob", "hope")
    assert ledger.cameras() == [TOP]


def test_of_several_who_add_a_camera_at_once_one_does(postgres_ledger: PostgresLedger) -> None:
    """The others are told."""
    start = Barrier(4)

    def one(rate: float) -> bool:
        start.wait(10)
        try:
            add(postgres_ledger, replace(TOP, rate=rate))  # type: ignore[arg-type]
        except CameraChanged:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(one, (1.0, 2.0, 3.0, 4.0)))
    assert sorted(done) == [False, False, False, True]
    assert len(postgres_ledger.cameras()) == 1


def test_the_audit_says_who_changed_what_when_and_why_and_no_password(postgres_ledger: PostgresLedger) -> None:
    """One row per change, none for a refused one."""
    add(postgres_ledger, TOP)  # type: ignore[arg-type]
    postgres_ledger.change_camera(CameraChange(TOP, replace(TOP, enabled=False)), TODAY, "bob", "dirty lens")
    with pytest.raises(CameraChanged):
        add(postgres_ledger, TOP)  # type: ignore[arg-type]
    with postgres_ledger.engine.connect() as connection:
        added, changed = connection.execute(select(audit).order_by(audit.c.id)).mappings()
    assert (added["who"], added["what"], added["why"], added["old"]) == ("ada", "camera line1-top", "new line", None)
    assert (changed["at"], changed["who"], changed["why"]) == (TODAY, "bob", "dirty lens")
    assert (changed["old"]["enabled"], changed["new"]["enabled"]) == (True, False)
    assert changed["new"]["source"] == "rtsp://***@camera/1"
    assert "secret" not in str([dict(added), dict(changed)])


def test_an_error_of_the_database_does_not_repeat_what_was_to_be_written(postgres_ledger: PostgresLedger) -> None:
    """Its text may end in a log, with a camera's password in it."""
    with pytest.raises(DBAPIError) as error, postgres_ledger.engine.begin() as connection:
        connection.execute(text("select cast(:source as integer)"), {"source": TOP.source})
    assert "operator:secret" not in str(error.value).split("invalid input", maxsplit=1)[0]
    assert "hide_parameters" in str(error.value)


BY_HAND = {
    "line1 top": "insert into camera select 'line1 top', source, product, rate, policy, true, changed_at from camera",
    "line1-top": "update camera set source = '//operator:secret@camera'",
}


@pytest.mark.parametrize("name", BY_HAND)
def test_a_row_that_somebody_wrote_by_hand_hides_no_other(postgres_ledger: PostgresLedger, name: str) -> None:
    """It is told with its name and with what is wrong with it."""
    add(postgres_ledger, TOP)  # type: ignore[arg-type]
    with postgres_ledger.engine.begin() as connection:
        connection.execute(text(BY_HAND[name]))
    add(postgres_ledger, SIDE)  # type: ignore[arg-type]
    assert [camera.name for camera in postgres_ledger.cameras()] == sorted({SIDE.name, TOP.name} - {name})
    (refused,) = postgres_ledger.refused_cameras()
    assert refused.name == name
    assert refused.reason
    assert "secret" not in refused.reason


def test_rows_that_the_verbs_wrote_are_all_right(ledger: Ledger) -> None:
    """None of them is refused."""
    add(ledger, TOP, SIDE)
    assert ledger.refused_cameras() == []


def test_a_change_does_not_overwrite_a_row_that_was_written_by_hand(postgres_ledger: PostgresLedger) -> None:
    """It does not stand as anybody can have seen it."""
    add(postgres_ledger, TOP)  # type: ignore[arg-type]
    with postgres_ledger.engine.begin() as connection:
        connection.execute(text("update camera set product = 'Nut, large'"))
    with pytest.raises(CameraChanged):
        add(postgres_ledger, TOP)  # type: ignore[arg-type]
