"""What a bundle's letter says of a model, as facts to read: pure, and without the network's code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNKNOWN = "\u2013"


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """A model as its letter tells it; what an older letter does not tell is missing. `problem`: why there is none."""

    facts: Mapping[str, str]
    problem: str = ""


def letter_facts(content: bytes) -> LetterFacts:
    """The facts of a bundle.json, in the order in which they are read; never raises over what it holds."""
    try:
        letter = json.loads(content)
        known = _facts(letter) if isinstance(letter, dict) else {}
    except (ValueError, TypeError, AttributeError, LookupError):
        known = {}
    return LetterFacts(known) if known else LetterFacts({}, "its letter cannot be read")


def _facts(letter: Mapping[str, Any]) -> dict[str, str]:
    network, training = letter.get("network") or {}, letter.get("training") or {}
    rule, scores = letter.get("score_rule") or {}, letter.get("calibration_scores") or []
    found = {
        "encoder": str(network.get("encoder", "")),
        "input": f"{network['height']} x {network['width']}" if "height" in network else "",
        "pictures learned from": _number(training.get("images")),
        "pictures held out": _number(training.get("calibration_images")),
        "training data": str(training.get("images_sha256", ""))[:12],
        "weight w": _number(letter.get("weight")),
        "fitted limits": _limits(letter.get("threshold") or {}),
        "median of good scores": _number(sorted(scores)[len(scores) // 2]) if scores else "",
        "highest good score": _number(max(scores)) if scores else "",
        "score rule": ", ".join(f"{name} {value:g}" for name, value in rule.items() if isinstance(value, int | float)),
        "parity": _parity(letter.get("parity") or {}),
        "seed": _number(training.get("seed")),
        "began from": str(training.get("warm_start", ""))[:12] or str(training.get("encoder_weights", "")),
    }
    return {name: words for name, words in found.items() if words}


def _number(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, int | float) else ""


def _limits(stored: Mapping[str, Any]) -> str:
    return f"{stored['review_from']:.4g} / {stored['reject_from']:.4g}" if "reject_from" in stored else ""


def _parity(stored: Mapping[str, Any]) -> str:
    """What the gate found about the engine the bundle was tried with."""
    if not stored:
        return "not tried"
    verdict = "passed" if stored.get("passed") else "failed"
    return (
        f"{verdict} on {stored.get('engine')}: off by {stored.get('error', 0):.1e} of {stored.get('bound', 0):.0e}"
        f" allowed, {stored.get('decisions_changed')} of {stored.get('images')} decisions changed"
    )


def compared(left: Mapping[str, str], right: Mapping[str, str]) -> list[tuple[str, str, str, bool]]:
    """Name, both words, and whether they differ: what differs first."""
    names = list(dict.fromkeys([*left, *right]))
    rows = [(name, left.get(name, UNKNOWN), right.get(name, UNKNOWN)) for name in names]
    return sorted(((*row, row[1] != row[2]) for row in rows), key=lambda row: not row[3])
