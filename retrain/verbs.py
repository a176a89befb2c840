"""The command line of `python -m retrain`."""

import argparse
import getpass
from pathlib import Path

from core.access import Person, Role, require


def parser(description: str) -> argparse.ArgumentParser:
    """All verbs; `verb` is None for the timetable."""
    main = argparse.ArgumentParser(prog="python -m retrain", description=description)
    verbs = main.add_subparsers(dest="verb")
    promote = _verb(verbs, "promote", "register a bundle, or take a registered model, and make it the one that judges")
    chosen = promote.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--bundle", type=Path, help="folder with bundle.json and weights.safetensors")
    chosen.add_argument("--model", type=int, help="number of a registered model, such as a run's candidate")
    promote.add_argument("--images", type=Path, help="the good pictures the bundle learned from, kept for replay")
    recipe = _verb(verbs, "recipe", "show a product's recipe, or change it: deadline_s=0.8 keep_ok_share=0.1")
    recipe.add_argument("changes", nargs="*", metavar="name=value")
    run = _verb(verbs, "run", "run the product's night here, unless it was run")
    run.add_argument("--now", action="store_true", help="train whatever the reasons, under a slot of its own")
    _verb(verbs, "rollback", "let the model judge that judged before the active one")
    _verb(verbs, "cancel", "end the training that runs")
    history = _verb(verbs, "history", "what the nights did and why")
    history.add_argument("--limit", type=int, default=10, help="how many, newest first")
    golden = _verb(verbs, "golden", "the parts that every candidate is held to; quality may retire one")
    golden.add_argument("--retire", type=int, metavar="NUMBER", help="it counts no more; --why says the reason")
    golden.set_defaults(why="")
    verbs.add_parser("status", help="products and what judges them")
    return main


def engineer(arguments: argparse.Namespace) -> Person:
    """Whoever typed a verb that changes what judges, or trains.

    Raises:
        AccessDenied: They are no engineer; nothing was changed.
    """
    person = Person.at_this_machine(arguments.who)
    require(person, Role.ENGINEER)
    return person


def _verb(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, said: str
) -> argparse.ArgumentParser:
    verb = verbs.add_parser(name, help=said)
    verb.add_argument("--product", required=True)
    verb.add_argument("--why", default="by hand")
    verb.add_argument("--who", default=getpass.getuser())
    return verb
