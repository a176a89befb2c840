"""What training leaves for the parity gate: pictures with the reference's answers, and what one engine made of them."""

import copy
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.frame import Image
from model.bundle import save_bundle
from model.detector import NetworkDetector
from model.engines.choice import chosen, reference
from model.engines.opening import Subject, eager, ready_engine
from model.letter import Letter, Parity
from model.look import Look, look_of
from model.network import Network
from model.parity import Answers, ParityPictures, answers_of, as_tensors, chosen_pictures, compared
from model.serving import ENGINE_ERRORS, Opened, opened

NOT_YET = "0" * 64
"""Stands for the hash of weights that are not written yet."""

COMPILE_WITHIN_S = 1800.0
"""Seconds until training gives up on a graph, which takes a minute or two of a processor's own time. A worker makes and
judges its graphs by itself; without this a compiler that hangs would keep a trained model from the line for ever."""

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """Tensors for the bundle, and for its letter the gate's result, None where no gate was run, and the parts' look."""

    tensors: dict[str, Tensor]
    parity: Parity | None
    look: Look


def parity_evidence(
    network: Network, draft: Letter, pictures: Sequence[Pixels], wanted: str, device: torch.device
) -> Evidence:
    """The reference's answers on the CPU, and the gate over all these pictures for the engine that is wanted.

    Args:
        network: Trained; it stays as it is.
        draft: The letter as far as it is known.
        pictures: All calibration pictures.
        wanted: `auto` for the engine this machine would choose, an engine's name, or empty for no gate.
        device: Where that engine runs.

    Raises:
        EngineUnknown: No engine has the wanted name.
        EngineUnavailable: The machine lacks what it needs.
    """
    copied = copy.deepcopy(network).cpu().eval()
    reference_subject = Subject(copied, draft.network, torch.device("cpu"))
    detector = NetworkDetector(draft, eager(reference("cpu"), reference_subject), reference_subject.device)
    told = detector.score([Image(pixels) for pixels in pictures])
    answers, look = answers_of(told), look_of([one.features.tolist() for one in told])
    tensors = as_tensors(_kept(pictures, answers))
    if not wanted:
        return Evidence(tensors, None, look)
    with tempfile.TemporaryDirectory() as place:
        bundle = _draft_bundle(Path(place), copied, draft, device)
        return Evidence(tensors, _gate(bundle, pictures, answers, wanted, Path(place)), look)


def _kept(pictures: Sequence[Pixels], answers: Answers) -> ParityPictures:
    indices = chosen_pictures(pictures)
    some = Answers(tuple(answers.maps[i] for i in indices), tuple(answers.scores[i] for i in indices))
    return ParityPictures(tuple(pictures[i] for i in indices), some)


def _draft_bundle(place: Path, network: Network, draft: Letter, device: torch.device) -> Opened:
    """As any machine would open it."""
    save_bundle(place, network.state_dict(), lambda weights_sha256: replace(draft, weights_sha256=weights_sha256))
    return opened(place, str(device))


def _gate(bundle: Opened, pictures: Sequence[Pixels], answers: Answers, wanted: str, place: Path) -> Parity | None:
    """What the engine makes of all pictures; None where its graph could not be compiled or it fails."""
    name = chosen(bundle.machine, bundle.subject.device.type, wanted).engine
    if name.needs_compiling and not _is_compiled(bundle, str(name), place):
        return None
    try:
        engine = ready_engine(name, bundle.subject, bundle.key(name), place)
        found = bundle.detector(engine).score([Image(pixels) for pixels in pictures]) if engine else []
    except ENGINE_ERRORS as error:
        _tell_without_verdict(f"{name} fails: {type(error).__name__} {str(error)[:200]}")
        return None
    return compared(answers, answers_of(found), bundle.letter.threshold, name) if engine else None


def _is_compiled(bundle: Opened, name: str, place: Path) -> bool:
    """In a process of its own: a compiler that fails takes no training with it, and its memory ends with it."""
    device = bundle.subject.device.type
    words = ("compile", "--bundle", place, "--engine", name, "--graphs", place, "--device", device, "--threads", 1)
    command = [sys.executable, "-m", "model", *map(str, words)]
    try:
        return subprocess.run(command, stdout=sys.stderr, check=False, timeout=COMPILE_WITHIN_S).returncode == 0
    except subprocess.TimeoutExpired:
        _tell_without_verdict(f"{name}: no graph after {COMPILE_WITHIN_S:g} s")
        return False


def _tell_without_verdict(why: str) -> None:
    sys.stderr.write(f"{why}; the bundle is written without its verdict\n")
