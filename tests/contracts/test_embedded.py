"""The embedded PostgreSQL: found or started, shared, outliving whoever is killed, stopped only when told to."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from core.adapters import embedded
from core.adapters.database import open_engine
from core.errors import LedgerUnavailable, LineError

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
STATION = """
import sys
from pathlib import Path
from sqlalchemy import text
from core.adapters.database import open_engine
from core.adapters.embedded import embedded_url

with open_engine(embedded_url(Path(sys.argv[1]))).connect() as connection:
    print("connected", flush=True)
    for line in sys.stdin:
        print("answer", connection.scalar(text("select 42")), flush=True)
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that a server's own user can reach, where the tests run as root."""
    with tempfile.TemporaryDirectory(prefix="line-embedded-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)
        embedded.stop(Path(folder))


def answers(home: Path) -> bool:
    engine = open_engine(embedded.embedded_url(home))
    with engine.connect() as connection:
        answer = connection.scalar(text("select 42"))
    engine.dispose()
    return answer == 42


def postmaster(home: Path) -> int:
    return int((home / "postgres" / "postmaster.pid").read_text().splitlines()[0])


def start_station(home: Path) -> subprocess.Popen[str]:
    """Another process on the same server, as the stations of one line are."""
    station = subprocess.Popen(
        [sys.executable, "-c", STATION, str(home)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert station.stdout is not None
    while "connected" not in (line := station.stdout.readline()):
        assert line, "the station ended"
    return station


def ask(station: subprocess.Popen[str]) -> str:
    assert station.stdin is not None
    assert station.stdout is not None
    station.stdin.write("\n")
    station.stdin.flush()
    return station.stdout.readline().strip()


def end(station: subprocess.Popen[str]) -> None:
    station.communicate(timeout=20)


def test_it_starts_at_the_first_use_and_is_found_at_the_next(home: Path) -> None:
    """The URL names its driver, and both uses talk to one server."""
    url = embedded.embedded_url(home)
    assert url.startswith("postgresql+psycopg2://")
    server = postmaster(home)
    assert embedded.embedded_url(home) == url
    assert postmaster(home) == server
    assert answers(home)


def test_stopping_is_explicit_and_may_be_said_twice(home: Path) -> None:
    """Also where nothing ever ran; afterwards it starts again in the same process, with all it held."""
    embedded.stop(home)
    with open_engine(embedded.embedded_url(home)).begin() as connection:
        connection.execute(text("create table kept (number int)"))
    embedded.stop(home)
    embedded.stop(home)
    assert not (home / "postgres" / "postmaster.pid").exists()
    with open_engine(embedded.embedded_url(home)).connect() as connection:
        assert connection.scalar(text("select count(*) from kept")) == 0


@pytest.mark.slow
def test_two_stations_share_it_and_killing_one_leaves_the_other_working(home: Path) -> None:
    """Nor does the one that started it take it along when it ends; whoever comes later finds it."""
    first, second = start_station(home), start_station(home)
    server = postmaster(home)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert ask(second) == "answer 42"
    end(second)
    third = start_station(home)
    assert ask(third) == "answer 42"
    assert postmaster(home) == server
    end(third)
    assert answers(home)


@pytest.mark.slow
def test_stations_that_start_together_start_one_server(home: Path) -> None:
    """The first of them starts it, the others wait."""
    commands = [[sys.executable, "-c", STATION, str(home)] for _ in range(3)]
    stations = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for command in commands
    ]
    outputs = [station.communicate(timeout=60)[0] for station in stations]
    assert all("connected" in output for output in outputs)
    assert sum("embedded_postgres_started" in output for output in outputs) == 1


def test_it_comes_back_after_the_server_itself_was_killed(home: Path) -> None:
    """The pid file it leaves behind does not fool anybody."""
    embedded.embedded_url(home)
    server = postmaster(home)
    os.kill(server, signal.SIGKILL)
    wait_until_gone(server)
    assert answers(home)


def test_a_left_over_pid_file_may_name_any_other_program(home: Path) -> None:
    """After a restart of the machine its number belongs to somebody else, who is left alone."""
    embedded.embedded_url(home)
    pid_file = home / "postgres" / "postmaster.pid"
    left_over = pid_file.read_text().splitlines()
    embedded.stop(home)
    pid_file.write_text("\n".join([str(os.getpid()), *left_over[1:]]) + "\n")
    embedded.stop(home)
    assert answers(home)


def test_a_clone_may_lie_at_a_path_longer_than_a_socket_may(home: Path) -> None:
    """The socket then lies in a short folder of its own, closed to other users."""
    deep = home / ("d" * 80) / ("e" * 80)
    deep.mkdir(parents=True)
    try:
        url = embedded.embedded_url(deep)
        socket_folder = Path(url.split("host=")[1])
        assert len(str(socket_folder / ".s.PGSQL.5432")) < 100
        assert (socket_folder.stat().st_mode | socket_folder.parent.stat().st_mode) & 0o022 == 0
        assert answers(deep)
    finally:
        embedded.stop(deep)


def test_a_relative_home_is_the_same_server(home: Path) -> None:
    """Stations may be started with .line as it stands in the settings."""
    absolute = embedded.embedded_url(home)
    assert embedded.embedded_url(Path(os.path.relpath(home))) == absolute


def test_a_folder_that_is_no_database_is_refused_by_name(home: Path) -> None:
    """Its log is named, for it says why."""
    (home / "postgres").mkdir()
    (home / "postgres" / "PG_VERSION").write_text("18\n")
    with pytest.raises(LedgerUnavailable, match="log"):
        embedded.embedded_url(home)


def test_a_locale_this_machine_lacks_is_no_obstacle(home: Path) -> None:
    """Remote shells bring along the locale of another machine."""
    environment = os.environ | {"LC_ALL": "xx_YY.UTF-8", "LANG": "xx_YY.UTF-8"}
    command = [sys.executable, "-c", STATION, str(home)]
    done = subprocess.run(
        command, cwd=ROOT, env=environment, input="\n", capture_output=True, text=True, timeout=60, check=True
    )
    assert "answer 42" in done.stdout


def wait_until_gone(pid: int) -> None:
    """The processes of a killed server notice within a moment that their parent is gone."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        if Path(f"/proc/{pid}/stat").exists() and ") Z " in Path(f"/proc/{pid}/stat").read_text():
            return
    raise LineError(f"{pid} does not end")
