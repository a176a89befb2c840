"""The compose file: what it starts exists, what it publishes stays on this machine, what is secret is a file."""

import importlib.util
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from core.adapters.live_board_users import user_lines

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if service.get("image") == "production-line-inspection")


def test_the_whole_line_is_there() -> None:
    assert {"kafka", "postgres", "redis", "ingest", "worker", "retrain", "dashboard"} <= SERVICES.keys()


@pytest.mark.parametrize("name", OURS)
def test_every_station_runs_a_module_that_exists(name: str) -> None:
    python, flag, module, *_ = SERVICES[name]["command"]
    assert (python, flag) == ("python", "-m")
    assert importlib.util.find_spec(f"{module}.__main__") is not None


@pytest.mark.parametrize("name", OURS)
def test_every_station_is_confined(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]


@pytest.mark.parametrize("name", SERVICES)
def test_a_published_port_is_on_loopback(name: str) -> None:
    assert all(port.startswith("127.0.0.1:") for port in SERVICES[name].get("ports", []))


def test_every_server_says_when_it_is_ready_and_every_process_comes_back() -> None:
    for name, service in SERVICES.items():
        assert service["restart"] == ("no" if name == "migrate" else "unless-stopped"), name
    for name in ("kafka", "postgres", "redis", "ingest", "worker", "retrain", "dashboard"):
        assert "healthcheck" in SERVICES[name], name


@pytest.mark.parametrize("name", ["ingest", "worker", "retrain", "dashboard"])
def test_every_station_can_be_scraped_at_a_port_of_its_own(name: str) -> None:
    """The port it listens on is the one that is published, and no two stations share one outside."""
    inside = SERVICES[name]["environment"][f"{name.upper()}_METRICS_PORT"]
    assert any(port.endswith(f":{inside}") for port in SERVICES[name]["ports"])
    outside = [port.rsplit(":", 1)[0] for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(set(outside)) == len(outside)


def test_secrets_are_files_and_nothing_has_a_password_in_it() -> None:
    assert all(secret["file"].startswith("./secrets/") for secret in COMPOSE["secrets"].values())
    used = {source for service in SERVICES.values() for source, _ in secrets_of(service)}
    assert used == COMPOSE["secrets"].keys()
    text = (ROOT / "docker-compose.yml").read_text()
    assert not re.search(r"PASSWORD: *[^$/{\s]", text)


def secrets_of(service: dict[str, Any]) -> list[tuple[str, str]]:
    """Each secret's name, and that of the file it becomes inside."""
    given = service.get("secrets", [])
    return [(each, each) if isinstance(each, str) else (each["source"], each["target"]) for each in given]


@pytest.mark.parametrize("name", ["ingest", "worker", "retrain", "dashboard"])
def test_every_station_logs_in_as_itself_and_the_migration_lets_it(name: str) -> None:
    """No station sees another's password, nor the owner's."""
    secrets = secrets_of(SERVICES[name])
    assert (f"{name}_database_url", "database_url") in secrets
    assert all(source.startswith(f"{name}_") for source, _ in secrets)
    assert f"/run/secrets/{name}_database_url" in SERVICES["migrate"]["command"]


def test_redis_knows_the_stations_by_the_rules_of_the_product(tmp_path: Path) -> None:
    """The lines the container writes are those that `python -m core redis-users` prints."""
    urls = {name: f"redis://line_{name}:a{name}Password1@redis:6379/0" for name in ("worker", "dashboard")}
    for name, url in urls.items():
        (tmp_path / f"{name}_redis_url").write_text(f"{url}\n")
    script = SERVICES["redis"]["command"][2].replace("$$", "$").replace("/run/secrets", str(tmp_path))
    script = script.replace("/tmp/users.acl", str(tmp_path / "users.acl")).split("exec redis-server")[0]
    subprocess.run(["sh", "-c", script], check=True, timeout=20)
    assert (tmp_path / "users.acl").read_text().splitlines() == user_lines(urls.values())


def test_the_worker_asks_for_a_gpu() -> None:
    (device,) = SERVICES["worker"]["deploy"]["resources"]["reservations"]["devices"]
    assert (device["driver"], device["capabilities"]) == ("nvidia", ["gpu"])


def test_images_have_versions() -> None:
    for name, service in SERVICES.items():
        image = service["image"]
        assert image == "production-line-inspection" or re.search(r":\d", image), name


def test_the_image_refuses_the_embedded_postgres() -> None:
    assert "LINE_EMBEDDED=false" in (ROOT / "Dockerfile").read_text()


def test_the_image_copies_every_station() -> None:
    copied = re.findall(r"^COPY (\w+) \1$", (ROOT / "Dockerfile").read_text(), re.M)
    assert sorted(copied) == ["core", "dashboard", "ingest", "line", "model", "retrain", "worker"]
