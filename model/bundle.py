"""A trained network on disk: `weights.safetensors` and `bundle.json`, each known by its hash. Never a pickle."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from core.errors import BundleRefused
from core.frame import sha256_of
from core.whole_file import write_whole
from model.letter import Letter, from_json, to_json

if TYPE_CHECKING:
    from torch import Tensor

WEIGHTS_NAME = "weights.safetensors"
LETTER_NAME = "bundle.json"


class LetterFor(Protocol):
    """Makes a letter once the weights' hash is known."""

    def __call__(self, weights_sha256: str) -> Letter:
        """The letter that names these weights."""
        ...


def read_letter(folder: Path) -> Letter:
    """The letter of a bundle, without its tensors and without torch.

    Raises:
        BundleRefused: The folder holds no whole bundle.
    """
    return from_json(_content(folder / LETTER_NAME).decode("utf-8", errors="replace"))


def bundle_sha256(folder: Path) -> str:
    """One hash for the whole bundle: over the hexadecimal hashes of its weights and its letter, in this order.

    Raises:
        BundleRefused: A file is missing.
    """
    return _joint_hash(_content(folder / WEIGHTS_NAME), _content(folder / LETTER_NAME))


def load_bundle(folder: Path, expected_sha256: str = "") -> tuple[Letter, dict[str, Tensor]]:
    """Letter and tensors, each file read once and checked before it is used.

    Args:
        folder: The bundle.
        expected_sha256: What `bundle_sha256` must be; empty where nobody registered it.

    Raises:
        BundleRefused: A file is missing, damaged, or not the one that was registered.
    """
    weights, letter_content = _content(folder / WEIGHTS_NAME), _content(folder / LETTER_NAME)
    if expected_sha256 and (found := _joint_hash(weights, letter_content)) != expected_sha256:
        raise BundleRefused(f"sha256 {found[:12]} where {expected_sha256[:12]} is registered")
    letter = from_json(letter_content.decode("utf-8", errors="replace"))
    if sha256_of(weights) != letter.weights_sha256:
        raise BundleRefused(f"{WEIGHTS_NAME} is not the file that {LETTER_NAME} names")
    return letter, _tensors(weights)


def make_ready(folder: Path) -> None:
    """Create a folder and write into it, so that what cannot be kept is known before it is trained.

    Raises:
        OSError: It is no folder, or nothing can be written there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder):
        pass


def save_bundle(folder: Path, tensors: dict[str, Tensor], letter_for: LetterFor) -> Letter:
    """Write both files, each under a passing name first, the letter last: half a bundle is never taken for one.

    Args:
        folder: Created where it does not exist; an earlier bundle in it is replaced.
        tensors: The network's state.
        letter_for: Makes the letter from the weights' hash.
    """
    from safetensors.torch import save

    content = save({name: values.detach().cpu().contiguous() for name, values in tensors.items()})
    letter = letter_for(weights_sha256=sha256_of(content))
    folder.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(FileNotFoundError):
        (folder / LETTER_NAME).unlink()
    write_whole(folder / WEIGHTS_NAME, content)
    write_whole(folder / LETTER_NAME, to_json(letter).encode())
    return letter


def _tensors(content: bytes) -> dict[str, Tensor]:
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(content)
    except SafetensorError as error:
        raise BundleRefused(f"{WEIGHTS_NAME}: {error}") from error


def _joint_hash(weights: bytes, letter: bytes) -> str:
    return sha256_of((sha256_of(weights) + sha256_of(letter)).encode())


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BundleRefused(f"{path.name} cannot be read in {path.parent}") from error
