"""What a station's log looks like to whoever collects it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.settings import LineSettings

ROOT = Path(__file__).parents[2]
SCRIPT = """
import structlog
from core.adapters.log_lines import write_log_lines
log = structlog.get_logger("early")
write_log_lines({how!r}, "worker")
log.info("batch_inspected", frames=3, OK=2)
try:
    password = "hunter" + str(2)
    raise ValueError("wrong")
except ValueError:
    log.error("worker_gave_up", exc_info=True)
"""


def logged(how: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(how=how)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "", "a log does not mix with what a command prints"
    return done.stderr


def test_each_line_is_one_object_with_time_level_station_event_and_its_fields() -> None:
    """A machine needs no other key to it."""
    first, second = (json.loads(line) for line in logged("json").splitlines())
    assert {
        "event": "batch_inspected",
        "level": "info",
        "station": "worker",
        "frames": 3,
        "OK": 2,
    }.items() <= first.items()
    assert first["timestamp"].endswith("Z")
    assert second["exception"][0]["exc_type"] == "ValueError"


@pytest.mark.parametrize("how", ["json", "console"])
def test_a_traceback_shows_no_values(how: str) -> None:
    """A local variable may hold a password."""
    told = logged(how)
    assert "ValueError" in told
    assert "hunter2" not in told


def test_for_people_a_line_is_text() -> None:
    """The event comes first."""
    assert "batch_inspected" in logged("console").splitlines()[0]


def test_another_format_is_refused() -> None:
    """By the settings."""
    with pytest.raises(ValidationError, match="log_format"):
        LineSettings(log_format="xml")
