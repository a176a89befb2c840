"""The health of a station as Prometheus and a supervisor see it: over a real socket, read by Prometheus' own parser."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client.parser import text_string_to_metric_families

from core.adapters.health_server import HealthServer
from core.errors import SettingRefused
from core.health import Distribution, Histogram, Measured, StationHealth, counters, gauge
from tests.http_answer import asked


@contextmanager
def served(
    measured: list[Measured] | None = None, restart: list[str] | None = None, wait: list[str] | None = None
) -> Iterator[str]:
    health = StationHealth(lambda: measured or [], lambda: restart or [], lambda: wait or [])
    server = HealthServer("127.0.0.1", 0, health)
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.close()


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_what_was_measured_is_what_is_scraped() -> None:
    """Counters, gauges and a histogram whose buckets hold those below them, with words of any kind in a label."""
    spread = Distribution((0.5, 1.0), (2, 1, 1), 9.5)
    with served(
        [
            counters("line_frames_total", "frames", {('a "b"\\\n', "OK"): 3}, "camera", "decision"),
            gauge("line_waiting", "records", 7),
            Histogram("line_latency_seconds", "how long", ("camera",), {("top",): spread}),
        ]
    ) as url:
        found = samples(asked(f"{url}/metrics")[1])
    assert found["line_frames_total", (("camera", 'a "b"\\\n'), ("decision", "OK"))] == 3
    assert found["line_waiting", ()] == 7
    camera = ("camera", "top")
    assert [found["line_latency_seconds_bucket", (camera, ("le", le))] for le in ("0.5", "1", "+Inf")] == [2, 3, 4]
    assert found["line_latency_seconds_count", (camera,)] == 4
    assert found["line_latency_seconds_sum", (camera,)] == 9.5


def test_every_scrape_asks_anew_and_tells_of_the_process_too() -> None:
    """A value of this moment is one."""
    measured: list[Measured] = [gauge("line_waiting", "records", 1)]
    with served(measured) as url:
        assert samples(asked(f"{url}/metrics")[1])["line_waiting", ()] == 1
        measured[0] = gauge("line_waiting", "records", 2)
        again = samples(asked(f"{url}/metrics")[1])
    assert again["line_waiting", ()] == 2
    assert again["process_resident_memory_bytes", ()] > 1e6


def test_a_station_that_is_well_says_so_and_one_that_is_not_says_why() -> None:
    """200, or 503 with the reasons; a station can live without being ready."""
    with served() as url:
        assert asked(f"{url}/healthz") == (200, "ok\n")
        assert asked(f"{url}/readyz") == (200, "ok\n")
    with served(wait=["the bus does not answer", "no model yet"]) as url:
        assert asked(f"{url}/healthz") == (200, "ok\n")
        assert asked(f"{url}/readyz") == (503, "the bus does not answer\nno model yet\n")
    with served(restart=["stuck"]) as url:
        assert asked(f"{url}/healthz")[0] == 503


def test_other_paths_are_not_there() -> None:
    """And the answer names those that are."""
    with served() as url:
        assert asked(f"{url}/secrets") == (404, "/metrics, /healthz or /readyz\n")


def test_a_client_that_asks_nothing_keeps_nobody_else_waiting() -> None:
    """Each has a thread of its own."""
    with served() as url, socket.create_connection(("127.0.0.1", int(url.rsplit(":", 1)[1]))):
        assert asked(f"{url}/healthz")[0] == 200


def test_a_port_that_is_taken_is_refused_by_name() -> None:
    """The message says which."""
    with served() as url, pytest.raises(SettingRefused, match=url.removeprefix("http://")):
        HealthServer("127.0.0.1", int(url.rsplit(":", 1)[1]), StationHealth(list, list, list))


def test_a_closed_server_has_let_go_of_its_port() -> None:
    """The next start can have it."""
    with served() as url:
        port = int(url.rsplit(":", 1)[1])
    HealthServer("127.0.0.1", port, StationHealth(list, list, list)).close()
