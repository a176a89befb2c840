"""The version of code is its content: names, folders and text, wherever it lies."""

from pathlib import Path

from model.code_version import code_version


def written(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def test_the_code_is_known_by_its_content(tmp_path: Path) -> None:
    here = written(tmp_path / "here", {"a.py": "1", "b/c.py": "2"})
    others = {
        "text": {"a.py": "2", "b/c.py": "2"},
        "file": {"a.py": "1", "b/c.py": "2", "b/d.py": ""},
        "name": {"a.py": "1", "c.py": "2"},
    }
    versions = {code_version(written(tmp_path / name, files)) for name, files in others.items()}
    assert len({code_version(here)} | versions) == 4


def test_elsewhere_and_beside_other_files_it_is_the_same(tmp_path: Path) -> None:
    here = written(tmp_path / "here", {"a.py": "1", "b/c.py": "2"})
    there = written(tmp_path / "there", {"a.py": "1", "b/c.py": "2", "notes.txt": "x"})
    assert code_version(there) == code_version(here)


def test_this_packages_code_has_one(tmp_path: Path) -> None:
    assert code_version() == code_version() != code_version(tmp_path)
