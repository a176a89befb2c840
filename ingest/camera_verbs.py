"""`python -m ingest camera ...`: the cameras' rows, for a person at a terminal. Whoever changes one is written down."""

import argparse
import getpass
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.access import Person
from core.camera import CameraChange, ConfiguredCamera, DropPolicy, masked
from core.camera_ports import CameraDirectory
from core.changes import change_camera
from core.errors import CameraChanged, SettingRefused, UnknownCamera
from ingest.command_line import MaskingParser
from ingest.signing import key_line
from ingest.sources import FORMS, to_kind

FROM_STDIN = "-"


@dataclass(frozen=True, slots=True)
class Desk:
    """What the verbs work with; `read_line` reads a source that is not to stand on a command line."""

    directory: CameraDirectory
    now: datetime
    read_line: Callable[[], str]


def run(arguments: Sequence[str], open_desk: Callable[[], Desk]) -> list[str]:
    """Do what the command line says and return what there is to print.

    Raises:
        SettingRefused, UnknownCamera, CameraChanged: Nothing was changed; the message says what to correct.
    """
    told = parser().parse_args(arguments)
    try:
        if told.verb == "key":  # nothing is looked up for it
            return [key_line(told.name)]
        lines: list[str] = told.run(told, open_desk())
        return lines
    except ValueError as error:
        raise SettingRefused(masked(str(error))) from None


def parser() -> argparse.ArgumentParser:
    """The verbs and their help."""
    made = MaskingParser("python -m ingest camera", description=__doc__)
    verbs = made.add_subparsers(required=True, metavar="VERB", dest="verb")
    verbs.add_parser("list", help="all cameras, without passwords").set_defaults(run=_list)
    add = _verb(verbs, "add", "a new camera; it starts within seconds", _add)
    _options(add, required=True)
    add.add_argument("--disabled", action="store_true", help="add it without starting it")
    _options(_verb(verbs, "change", "its source, product, rate or policy; only this camera restarts", _change), False)
    _verb(verbs, "enable", "start it", lambda told, desk: _switch(told, desk, True))
    _verb(verbs, "disable", "stop it and keep its row", lambda told, desk: _switch(told, desk, False))
    _verb(verbs, "remove", "stop it and forget its row; what it saw stays", _remove)
    key = verbs.add_parser("key", help="print a line with a new key for it; nothing is stored")
    key.add_argument("name", help="the camera's name, e.g. line1-top")
    return made


def shown(camera: ConfiguredCamera) -> str:
    """One line about a camera."""
    state = "enabled" if camera.enabled else "disabled"
    return f"{camera.name}  {state}  {camera.product}  {camera.rate:g}/s  {camera.policy}  {camera.shown_source}"


def _verb(
    verbs: "argparse._SubParsersAction[MaskingParser]",
    name: str,
    says: str,
    work: Callable[[argparse.Namespace, Desk], list[str]],
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=says)
    verb.add_argument("name", help="the camera's name, e.g. line1-top")
    verb.add_argument("--who", default=getpass.getuser(), help="who changes it, for the audit")
    verb.add_argument("--why", default=f"{name} by hand", help="why, for the audit")
    verb.set_defaults(run=work)
    return verb


def _options(verb: argparse.ArgumentParser, required: bool) -> None:
    source = f"{FORMS}; {FROM_STDIN} reads it from standard input, so that a password stays out of the shell's history"
    verb.add_argument("--source", required=required, help=source.replace("%", "%%"))
    verb.add_argument("--product", required=required, help="what passes it, e.g. ballscrew")
    verb.add_argument("--rate", required=required, type=float, help="frames per second")
    verb.add_argument("--policy", choices=[policy.value for policy in DropPolicy], help="when the bus is slower")


def _list(_: argparse.Namespace, desk: Desk) -> list[str]:
    listed = [shown(camera) for camera in desk.directory.cameras()]
    refused = [f"{row.name}  refused  {row.reason}" for row in desk.directory.refused_cameras()]
    return [*listed, *refused] or ["no cameras: python -m ingest camera add ..."]


def _add(told: argparse.Namespace, desk: Desk) -> list[str]:
    source = _checked_source(told.source, desk)
    policy = DropPolicy(told.policy or DropPolicy.BLOCK)
    camera = ConfiguredCamera(told.name, source, told.product, told.rate, policy, not told.disabled)
    return _apply(told, desk, CameraChange(None, camera))


def _change(told: argparse.Namespace, desk: Desk) -> list[str]:
    before = _find(told.name, desk)
    given = {name: value for name in ("product", "rate") if (value := getattr(told, name)) is not None}
    if told.source is not None:
        given["source"] = _checked_source(told.source, desk)
    if told.policy is not None:
        given["policy"] = DropPolicy(told.policy)
    return _apply(told, desk, CameraChange(before, replace(before, **given)))


def _switch(told: argparse.Namespace, desk: Desk, enabled: bool) -> list[str]:
    before = _find(told.name, desk)
    return _apply(told, desk, CameraChange(before, replace(before, enabled=enabled)))


def _remove(told: argparse.Namespace, desk: Desk) -> list[str]:
    return _apply(told, desk, CameraChange(_find(told.name, desk), None))


def _apply(told: argparse.Namespace, desk: Desk, change: CameraChange) -> list[str]:
    try:
        change_camera(desk.directory, Person.at_this_machine(told.who), change, desk.now, told.why)
    except CameraChanged as error:
        if change.before is None:
            raise SettingRefused(f"{change.name} is there already; use `change`") from error
        raise
    return [shown(change.after)] if change.after else [f"{change.name}  removed"]


def _find(name: str, desk: Desk) -> ConfiguredCamera:
    for camera in desk.directory.cameras():
        if camera.name == name:
            return camera
    for row in desk.directory.refused_cameras():
        if row.name == name:
            raise SettingRefused(f"the row of {name} was not written by these verbs, correct it there: {row.reason}")
    raise UnknownCamera(name)


def _checked_source(source: str, desk: Desk) -> str:
    """A source of a kind there is; whether it answers is for the camera to find out, again and again."""
    said = desk.read_line().strip() if source == FROM_STDIN else source
    to_kind(said)
    return said


def read_line() -> str:
    """One line from standard input."""
    return sys.stdin.readline()
