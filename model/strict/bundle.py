"""What a bundle's files may be, found out before anything in them is believed. Needs no torch.

A bundle travels: from a training machine through a store to a worker. Each reader asks here first.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from pathlib import Path
from typing import Any, BinaryIO

from core.errors import BundleRefused
from model.bundle import LETTER_NAME, WEIGHTS_NAME
from model.letter import Letter, from_json

LETTER_BYTES = 4 * 1024**2
"""Some hundred times a real letter, whose longest part is one number per calibration picture."""

WEIGHTS_BYTES = 4 * 1024**3
"""The largest encoder with its flows has a tenth of it."""

DEEPEST = 16
"""Nested values in a letter: a real one has four. Deeper ones end Python's parser, or the process."""

ENCODER = re.compile(r"[a-z0-9_]{1,64}(\.[a-z0-9_]{1,64})?")
"""A timm architecture. Its other forms (`hf-hub:...`, `local-dir:...`) fetch from wherever the name says."""

LARGEST_SIDE, MOST_BLOCKS, MOST_CODES = 4096, 64, 4096
"""What decides how much memory a network takes, before its weights are compared with it."""

CHUNK = 1024**2


def check_bundle(folder: Path, expected_sha256: str) -> None:
    """Look at both files without loading them; memory stays small whatever they hold.

    Raises:
        BundleRefused: It is not the one registered under this hash, or no program of ours wrote it.
    """
    letter = _small_file(folder / LETTER_NAME)
    found = _joint_hash(_hash_of(folder / WEIGHTS_NAME), letter)
    if found != expected_sha256:
        raise BundleRefused(f"sha256 {found[:12]} where {expected_sha256[:12]} is registered")
    check_json(letter)


def checked_sha256(folder: Path) -> str:
    """The hash to register a trained bundle under.

    Raises:
        BundleRefused: A file is missing or strange, or the weights are not those that the letter names.
    """
    letter = _small_file(folder / LETTER_NAME)
    check_json(letter)
    weights_sha256 = _hash_of(folder / WEIGHTS_NAME)
    if json.loads(letter).get("weights_sha256") != weights_sha256:
        raise BundleRefused(f"{WEIGHTS_NAME} is not the file that {LETTER_NAME} names")
    return _joint_hash(weights_sha256, letter)


def check_letter(folder: Path) -> Letter:
    """The letter of a bundle.

    Raises:
        BundleRefused: A value in it is of another kind, a number is none, or it asks for a network beyond all measure
            or from elsewhere.
    """
    content = _small_file(folder / LETTER_NAME)
    check_json(content)
    try:
        letter = from_json(content.decode("utf-8", errors="replace"))
        reasons = reasons_to_refuse(letter)
    except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
        raise BundleRefused(f"{LETTER_NAME}: {type(error).__name__} {str(error)[:200]}") from error
    if reasons:
        raise BundleRefused(f"{LETTER_NAME}: {'; '.join(reasons)}")
    return letter


def reasons_to_refuse(letter: Letter) -> tuple[str, ...]:
    """What no bundle of ours says; none where all is well."""
    network, framing = letter.network, letter.framing
    constants = (*letter.likeliest, letter.most_normal, letter.weight, letter.typical_pixel)
    rule = (letter.score_rule.smoothing, letter.score_rule.top_share, letter.score_rule.minimum_area)
    sides = (network.height, network.width, framing.height, framing.width, framing.tile_height, framing.tile_width)
    found = []
    if not all(map(isfinite, (*constants, *letter.calibration_scores, *rule, network.flow_clamp))):
        found.append("a constant that is not a number")
    if not ENCODER.fullmatch(network.encoder):
        found.append(f"{network.encoder[:80]!r} is no architecture of timm's own")
    if any(
        type(number) is not int for number in (*sides, framing.overlap, network.flow_blocks, network.position_channels)
    ):
        found.append("a size that is no whole number")
    elif max(sides) > LARGEST_SIDE or network.flow_blocks > MOST_BLOCKS or network.position_channels > MOST_CODES:
        found.append(
            f"a network of {network.flow_blocks} blocks and {network.position_channels} codes for sides of {max(sides)}"
        )
    elif 2 * framing.overlap > min(framing.tile_height, framing.tile_width):
        found.append(f"tiles that share {framing.overlap} pixels")  # millions of them, from one picture
    return tuple(found)


def check_json(content: bytes) -> None:
    """Refuse JSON that is nested so deeply that reading it could end the process.

    Raises:
        BundleRefused: It is, or it is no JSON object.
    """
    depth = deepest = 0
    # A string that never ends is matched to the end: tried from each of its quotes, it would take hours.
    for byte in re.sub(rb'(?s)"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', b"", content):
        depth += (byte in b"[{") - (byte in b"]}")
        deepest = max(deepest, depth)
    if deepest > DEEPEST:
        raise BundleRefused(f"{LETTER_NAME}: values nested {deepest} deep")
    try:
        read: Any = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleRefused(f"{LETTER_NAME} is not JSON") from error
    if not isinstance(read, dict):
        raise BundleRefused(f"{LETTER_NAME} is no object")


def _small_file(path: Path) -> bytes:
    with _opened(path, LETTER_BYTES) as file:
        return file.read()


def _joint_hash(weights_sha256: str, letter: bytes) -> str:
    """As `model.bundle.bundle_sha256`, from a hash that was made of the file in pieces."""
    return hashlib.sha256((weights_sha256 + hashlib.sha256(letter).hexdigest()).encode()).hexdigest()


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256()
    with _opened(path, WEIGHTS_BYTES) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


@contextmanager
def _opened(path: Path, most_bytes: int) -> Iterator[BinaryIO]:
    """A plain file of at most this size: no link to another place, no pipe that never ends.

    Raises:
        BundleRefused: It is something else, or cannot be read.
    """
    try:
        # Without O_NONBLOCK, opening a pipe waits for whoever writes into it.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(number, "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise BundleRefused(f"{path.name} is no file")
            if found.st_size > most_bytes:
                raise BundleRefused(f"{path.name} has {found.st_size} bytes, {most_bytes} are accepted")
            yield file
    except OSError as error:
        raise BundleRefused(f"{path.name} cannot be read in {path.parent}, or is a link") from error
