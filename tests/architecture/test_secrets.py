"""No default passwords, no traceback on a page: what can be seen in the files themselves."""

import ast
import re

import pytest

from dashboard.__main__ import SAFE_OPTIONS
from tests.architecture.test_arrows import ROOT, code_files, imported_by, tracked

LOGIN_IN_URL = re.compile(r"\b[a-z][a-z0-9+]*://[^/\s\"'{}$@:]*:([^/\s\"'{}$@]+)@")
SECRET_NAME = re.compile(r"(?i)(password|passwd|secret|token|api_?key|signing_key)$")
STANDS_FOR_ONE = re.compile(r"\*+|[A-Z_]+|\.+|<\w+>")
"""What a text about passwords writes in their place: PASSWORD, ***, <password>."""

SPOKEN = (".py", ".yml", ".toml", ".example", ".md", ".ini", ".cfg", ".sh")


def test_no_url_anywhere_holds_a_password() -> None:
    """Neither in code nor in an example that somebody would copy; tests make their own up."""
    found = [
        f"{path.relative_to(ROOT)}: {match.group()}"
        for path in tracked()
        if path.suffix in SPOKEN and path.relative_to(ROOT).parts[0] not in ("tests",)
        for match in LOGIN_IN_URL.finditer(path.read_text(errors="replace"))
        if not STANDS_FOR_ONE.fullmatch(match.group(1))
    ]
    assert found == []


def test_no_setting_that_holds_a_secret_has_a_default() -> None:
    """What is not set is empty, and then there is no login, or the station refuses to start."""
    example = (ROOT / ".env.example").read_text()
    named = re.findall(r"^([A-Z_]*(?:URL|PASSWORD|SECRET|TOKEN|KEY))=(.*)$", example, re.M)
    assert len(named) >= 4
    assert [name for name, value in named if value] == []


@pytest.mark.parametrize("path", code_files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_code_names_a_secret_and_gives_it(path: object) -> None:
    """No variable, argument or dictionary entry called password with a text in it."""
    tree = ast.parse(path.read_text())  # type: ignore[attr-defined]
    given: list[tuple[str, ast.expr]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            given += [(ast.unparse(target), node.value) for target in node.targets]
        elif isinstance(node, ast.AnnAssign) and node.value is not None:
            given.append((ast.unparse(node.target), node.value))
        elif isinstance(node, ast.keyword) and node.arg:
            given.append((node.arg, node.value))
        elif isinstance(node, ast.Dict):
            given += [
                (ast.unparse(key).strip("'"), value) for key, value in zip(node.keys, node.values, strict=True) if key
            ]
    texts = [
        name
        for name, value in given
        if SECRET_NAME.search(name) and isinstance(value, ast.Constant) and isinstance(value.value, str) and value.value
    ]
    assert texts == []


def test_a_page_shows_no_traceback() -> None:
    """Streamlit is told so, and no page shows an exception by itself."""
    assert SAFE_OPTIONS["client.showErrorDetails"] == "none"
    for path in code_files():
        if path.relative_to(ROOT).parts[0] == "dashboard":
            assert not imported_by(path) & {"traceback", "cgitb", "pdb"}, path
            assert "st.exception(" not in path.read_text(), path
            assert "unsafe_allow_html=True" not in path.read_text(), path


@pytest.mark.parametrize(
    "text",
    ["postgresql://line:line@host/line", "redis://:hunter2@redis", "amqp://a:b.c@h", "rtsp://admin:12345@10.0.0.1"],
)
def test_the_search_for_passwords_finds_them(text: str) -> None:
    """Or it would find nothing for ever."""
    match = LOGIN_IN_URL.search(text)
    assert match is not None
    assert not STANDS_FOR_ONE.fullmatch(match.group(1))
