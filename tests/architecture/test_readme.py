"""What the README and the example settings say is so."""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def variables(text: str) -> set[str]:
    return set(re.findall(r"^([A-Z][A-Z_]+)=", text, re.M))


def test_the_example_settings_are_complete() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "core", "settings"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert variables((ROOT / ".env.example").read_text()) == variables(printed)


def test_every_make_target_in_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.M))
    assert set(re.findall(r"make ([a-z-]+)", README)) <= targets


def test_every_module_the_readme_starts_exists() -> None:
    for module in set(re.findall(r"python -m ([a-z_.]+)", README)):
        path = ROOT.joinpath(*module.split("."))
        assert (path / "__main__.py").exists() or path.with_suffix(".py").exists(), module


def test_every_file_the_readme_names_exists() -> None:
    for name in set(re.findall(r"`((?:tests|line|core|model)/[\w/.]+)`", README)):
        assert (ROOT / name).exists(), name
