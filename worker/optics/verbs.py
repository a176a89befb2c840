"""What `python -m worker.optics` does: baselines learned, shown, adjusted and switched off; all of it audited."""

import argparse
import getpass
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from core.access import Person
from core.camera_ports import OpticsRegistry
from core.changes import save_optics
from core.errors import ArtifactMissing, ImageRefused, SettingRefused
from core.frame import Image
from core.optics import MEASURED, OpticsCheck
from core.ports import ArtifactStore, FrameDecoder
from core.product import Product, Recipe
from model.images import IMAGE_SUFFIXES
from worker.optics.measuring import learn

FRAMES = 200


class Registry(OpticsRegistry, Protocol):
    """Baselines, and the products whose budgets they keep to."""

    def products(self) -> list[Product]:
        """By name."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """What the verbs work with."""

    registry: Registry
    artifacts: ArtifactStore
    decode: FrameDecoder
    now: datetime


def run(words: Sequence[str], open_desk: Callable[[], Desk]) -> list[str]:
    """Do what the command line says and return what there is to print.

    Raises:
        SettingRefused: Nothing was changed; the message says what to correct.
    """
    told = parser().parse_args(words)
    try:
        lines: list[str] = told.run(told, open_desk())
        return lines
    except ValueError as error:
        raise SettingRefused(str(error)) from error


def parser() -> argparse.ArgumentParser:
    """The verbs and their help."""
    made = argparse.ArgumentParser("python -m worker.optics", description=__doc__)
    verbs = made.add_subparsers(required=True, metavar="VERB")
    verbs.add_parser("show", help="every baseline with its limits").set_defaults(run=_show)
    learned = _verb(verbs, "learn", "a baseline from good frames; it counts within seconds", _learn)
    learned.add_argument("--images", type=Path, help="a folder of good pictures; else the newest kept OK frames")
    learned.add_argument("--frames", type=int, default=FRAMES, help="how many of the kept frames at most")
    learned.add_argument("--budget", type=float, help="share of good frames it may refuse; else the product's own")
    adjusted = _verb(verbs, "set", "one pair of limits by hand", _set)
    adjusted.add_argument("measured", choices=MEASURED)
    adjusted.add_argument("--low", type=float)
    adjusted.add_argument("--high", type=float)
    _verb(verbs, "off", "check this camera no longer", _off)
    return made


def shown(camera: str, product: str, check: OpticsCheck) -> str:
    """One line about a baseline."""
    limits = "; ".join(f"{name} {getattr(check, name)}, usual {getattr(check.usual, name):.3g}" for name in MEASURED)
    return f"{camera}  {product}  {limits}; from {check.frames} frames"


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    says: str,
    work: Callable[[argparse.Namespace, Desk], list[str]],
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=says)
    verb.add_argument("--camera", required=True)
    verb.add_argument("--product", required=True)
    verb.add_argument("--who", default=getpass.getuser(), help="who changes it, for the audit")
    verb.add_argument("--why", default=f"{name} by hand", help="why, for the audit")
    verb.set_defaults(run=work)
    return verb


def _show(_: argparse.Namespace, desk: Desk) -> list[str]:
    found = sorted(desk.registry.optics().items())
    return [shown(camera, product, check) for (camera, product), check in found] or ["no camera is checked"]


def _learn(told: argparse.Namespace, desk: Desk) -> list[str]:
    pictures = _in_folder(told.images, desk) if told.images else _kept(told, desk)
    check = learn(pictures, _budget(told, desk))
    return _save(told, desk, check)


def _set(told: argparse.Namespace, desk: Desk) -> list[str]:
    return _save(told, desk, _baseline(told, desk).with_limit(told.measured, told.low, told.high))


def _off(told: argparse.Namespace, desk: Desk) -> list[str]:
    _baseline(told, desk)
    save_optics(desk.registry, _person(told), told.camera, told.product, None, desk.now, told.why)
    return [f"{told.camera}  {told.product}  not checked any longer"]


def _save(told: argparse.Namespace, desk: Desk, check: OpticsCheck) -> list[str]:
    save_optics(desk.registry, _person(told), told.camera, told.product, check, desk.now, told.why)
    return [shown(told.camera, told.product, check)]


def _person(told: argparse.Namespace) -> Person:
    return Person.at_this_machine(told.who)


def _baseline(told: argparse.Namespace, desk: Desk) -> OpticsCheck:
    found = desk.registry.optics().get((told.camera, told.product))
    if found is None:
        raise SettingRefused(f"{told.camera} has no baseline for {told.product}: learn one first")
    return found


def _budget(told: argparse.Namespace, desk: Desk) -> float:
    if told.budget is not None:
        return float(told.budget)
    recipes = {product.name: product.recipe for product in desk.registry.products()}
    return recipes.get(told.product, Recipe()).false_reject_budget


def _in_folder(folder: Path, desk: Desk) -> Iterator[Image]:
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in IMAGE_SUFFIXES:
            try:
                yield desk.decode(path.read_bytes())
            except (OSError, ImageRefused) as error:
                raise SettingRefused(f"{path}: {error}; a baseline is taken from good pictures only") from error


def _kept(told: argparse.Namespace, desk: Desk) -> Iterator[Image]:
    """Frames that retention has removed meanwhile are left out."""
    for uri in desk.registry.good_frames(told.camera, told.product, told.frames):
        try:
            yield desk.decode(desk.artifacts.get(uri))
        except ArtifactMissing:
            continue
