"""Every station as a process of its own, scraped while frames pass, on a real Postgres."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic

import pytest
from prometheus_client.parser import text_string_to_metric_families

from line.services.daemon import free_port
from tests.dashboard.places import fresh_line
from tests.http_answer import asked

pytestmark = [pytest.mark.server, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
WITHIN_S = 60.0
CAMERA = ["--camera", "line1-top", "--product", "disc", "--source", "simulated:disc?size=64", "--rate", "20"]
COMMANDS = {"ingest": CAMERA, "worker": [], "retrain": [], "dashboard": []}


@contextmanager
def running(module: str, environment: dict[str, str], folder: Path, *arguments: str) -> Iterator[str]:
    """The station's health address, while it runs; its log lies in the folder."""
    port = free_port()
    told = os.environ | environment | {f"{module.upper()}_METRICS_PORT": str(port), "LOG_FORMAT": "json"}
    with (folder / f"{module}.log").open("w") as log:
        process = subprocess.Popen([sys.executable, "-m", module, *arguments], cwd=ROOT, env=told, stderr=log)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=20)


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """All stations, by name, over a brightness model."""
    folder = tmp_path_factory.mktemp("line")
    with fresh_line(folder) as place, ExitStack() as stack:
        environment = place.environment | {"WORKER_CACHE": str(folder / "cache"), "RETRAIN_PRODUCTS_INTERVAL_S": "0.5"}
        model = [sys.executable, "-m", "worker.brightness", "--product", "disc"]
        subprocess.run(model, cwd=ROOT, env=os.environ | environment, check=True, timeout=60, capture_output=True)
        arguments = COMMANDS | {"dashboard": ["--port", str(free_port())]}
        yield {name: stack.enter_context(running(name, environment, folder, *arguments[name])) for name in COMMANDS}


def scraped(url: str) -> dict[str, list[tuple[dict[str, str], float]]]:
    found: dict[str, list[tuple[dict[str, str], float]]] = {}
    for family in text_string_to_metric_families(asked(f"{url}/metrics")[1]):
        for sample in family.samples:
            found.setdefault(sample.name, []).append((sample.labels, sample.value))
    return found


def total(url: str, name: str) -> float:
    return sum(value for _, value in scraped(url).get(name, []))


def until(holds: Callable[[], bool], told: Callable[[], object]) -> None:
    end = monotonic() + WITHIN_S
    while not holds():
        assert monotonic() < end, told()


@pytest.mark.parametrize("station", COMMANDS)
def test_every_station_lives_and_becomes_ready(line: dict[str, str], station: str) -> None:
    """Each says so by itself."""
    address = line[station]
    until(lambda: asked(f"{address}/readyz")[0] == 200, lambda: asked(f"{address}/readyz"))
    assert asked(f"{address}/healthz") == (200, "ok\n")


def test_frames_are_counted_from_the_shutter_to_the_row(line: dict[str, str]) -> None:
    """What the worker has judged, the camera has captured and the ledger counts; and it grows."""
    worker, camera, page = line["worker"], line["ingest"], line["dashboard"]
    until(lambda: total(worker, "line_frames_judged_total") > 0, lambda: asked(f"{worker}/readyz"))
    before = total(worker, "line_frames_judged_total")
    until(lambda: total(worker, "line_frames_judged_total") > before, lambda: "no more frames")
    judged = total(worker, "line_frames_judged_total")
    assert total(camera, "line_camera_captured_total") >= judged
    until(lambda: total(page, "line_ledger_judged_frames") >= judged, lambda: asked(f"{page}/metrics"))


def test_latency_model_lag_and_ages_are_there(line: dict[str, str]) -> None:
    """Each with its labels."""
    worker, camera = line["worker"], line["ingest"]
    until(lambda: total(worker, "line_capture_to_verdict_seconds_count") > 0, lambda: asked(f"{worker}/readyz"))
    found = scraped(worker)
    assert found["line_model_version"] == [({"product": "disc", "engine": "brightness"}, 1.0)]
    assert found["line_bus_reachable"][0][1] == 1
    assert found["line_bus_waiting_records"][0][1] >= 0
    assert found["line_capture_to_verdict_seconds_bucket"][0][0]["camera"] == "line1-top"
    (age,) = scraped(camera)["line_camera_age_seconds"]
    assert 0 <= age[1] < 5


def test_the_timetable_tells_when_the_next_night_is(line: dict[str, str]) -> None:
    """Within a day."""
    until(lambda: total(line["retrain"], "line_products_timed") == 1, lambda: asked(f"{line['retrain']}/metrics"))
    (night,) = scraped(line["retrain"])["line_night_in_seconds"]
    assert 0 < night[1] <= 86400
