"""What a page says when something is away, it also does."""

import ast
from collections.abc import Iterator
from pathlib import Path

VIEWS = Path(__file__).parents[2] / "dashboard" / "views"
ERROR = "show_error"


def fragile(tree: ast.Module) -> Iterator[str]:
    """Functions that promise to try again by themselves, and that no clock calls again."""
    for function in ast.walk(tree):
        if isinstance(function, ast.FunctionDef) and ERROR in called_in(function) and not has_a_clock(function):
            yield function.name


def called_in(function: ast.FunctionDef) -> set[str]:
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return {name.id for name in calls if isinstance(name, ast.Name)}


def has_a_clock(function: ast.FunctionDef) -> bool:
    return any("run_every" in ast.unparse(decorator) for decorator in function.decorator_list)


def test_every_page_that_says_so_tries_again_by_itself() -> None:
    """A page that is drawn once says it with what draws it anew."""
    found = {(path.stem, name) for path in VIEWS.glob("*.py") for name in fragile(ast.parse(path.read_text()))}
    assert found == {("trouble", "show_away")}
