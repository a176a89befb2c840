"""Serves a station's health over HTTP: `/metrics` for Prometheus, `/healthz` and `/readyz` for supervisors."""

from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import accumulate
from threading import Thread

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric as Family
from prometheus_client.registry import Collector

from core.errors import SettingRefused
from core.health import Distribution, Histogram, Kind, Measured, Metric, StationHealth

ASKED_WITHIN_S = 5.0
"""A client that has not sent its question by then is sent away, so that it holds no thread."""


class HealthServer:
    """Answers beside the line, in threads of its own, until it is closed. Reads only; knows no secrets."""

    def __init__(self, address: str, port: int, health: StationHealth) -> None:
        """Listen at once; port 0 takes a free one.

        Raises:
            SettingRefused: Nobody can listen there.
        """
        try:
            self._server = _Server((address, port), _Answers, health)
        except OSError as error:
            raise SettingRefused(f"no metrics can be served at {address}:{port}: {error.strerror}") from error
        self._thread = Thread(target=self._server.serve_forever, args=(0.1,), name="health", daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._server.server_address[1])

    def close(self) -> None:
        """Stop listening. Safe to call twice."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(1.0)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, place: tuple[str, int], answers: type[BaseHTTPRequestHandler], health: StationHealth) -> None:
        self.health = health
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self.registry.register(_Measured(health))
        super().__init__(place, answers)


class _Answers(BaseHTTPRequestHandler):
    """One question, one answer."""

    server: _Server
    server_version = "line"
    sys_version = ""
    timeout = ASKED_WITHIN_S

    def do_GET(self) -> None:
        """Answer by path."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._answer(200, generate_latest(self.server.registry), CONTENT_TYPE_PLAIN_0_0_4)
        elif path == "/healthz":
            self._answer_reasons(self.server.health.reasons_to_restart())
        elif path == "/readyz":
            self._answer_reasons(self.server.health.reasons_to_wait())
        else:
            self._answer(404, b"/metrics, /healthz or /readyz\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the library's name
        """Nothing: a scrape every few seconds is no event."""

    def _answer_reasons(self, reasons: Sequence[str]) -> None:
        told = "".join(f"{reason}\n" for reason in reasons) or "ok\n"
        self._answer(503 if reasons else 200, told.encode())

    def _answer(self, status: int, body: bytes, kind: str = "text/plain; charset=utf-8") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


class _Measured(Collector):
    """What the station measures, as the library writes it."""

    def __init__(self, health: StationHealth) -> None:
        self._health = health

    def describe(self) -> list[Family]:
        """Nothing ahead of time: a station is first asked when somebody scrapes it."""
        return []

    def collect(self) -> Iterator[Family]:
        """All of it, now."""
        return map(_family, self._health.measured())


def _family(measured: Measured) -> Family:
    return _histogram_family(measured) if isinstance(measured, Histogram) else _metric_family(measured)


def _metric_family(metric: Metric) -> Family:
    make = CounterMetricFamily if metric.kind is Kind.COUNTER else GaugeMetricFamily
    family = make(metric.name, metric.meaning, labels=metric.label_names)
    for labels, value in metric.values.items():
        family.add_metric(labels, value)
    return family


def _histogram_family(histogram: Histogram) -> Family:
    family = HistogramMetricFamily(histogram.name, histogram.meaning, labels=histogram.label_names)
    for labels, distribution in histogram.values.items():
        family.add_metric(labels, _buckets(distribution), distribution.total)
    return family


def _buckets(distribution: Distribution) -> list[tuple[str, float]]:
    """Prometheus counts from below: each bucket holds those under it, too."""
    bounds = (*(f"{bound:g}" for bound in distribution.bounds), "+Inf")
    return list(zip(bounds, map(float, accumulate(distribution.counts)), strict=True))
