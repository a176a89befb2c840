"""Who may change what: the role is asked for in the service, whatever page or command calls it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from core import changes
from core.access import Person, Role
from core.adapters.in_memory_ledger import MemoryLedger
from core.camera import CameraChange, ConfiguredCamera
from core.errors import AccessDenied, ReasonMissing
from core.frame import sha256_of
from core.product import BundleRef, Product, Recipe
from core.review import GoldenPart
from core.verdict import Threshold

NOW = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
CAMERA = ConfiguredCamera("line1-top", "folder:parts", "nut", 2.0)
NEW = CameraChange(None, CAMERA)
Change = Callable[[MemoryLedger, Person, str], Any]
CHANGES: dict[str, tuple[Role, Change]] = {
    "threshold": (Role.QUALITY, lambda to, who, why: changes.set_threshold(to, who, 1, Threshold(1, 2), NOW, why)),
    "product": (Role.QUALITY, lambda to, who, why: changes.save_product(to, who, Product("nut", Recipe()), NOW, why)),
    "camera": (Role.ENGINEER, lambda to, who, why: changes.change_camera(to, who, NEW, NOW, why)),
    "optics": (Role.ENGINEER, lambda to, who, why: changes.save_optics(to, who, "line1-top", "nut", None, NOW, why)),
    "golden": (Role.QUALITY, lambda to, who, why: changes.retire_golden(to, who, 1, NOW, why)),
}  # fmt: skip


class RefusingLedger(MemoryLedger):
    """A ledger that nobody may reach: any write through it is a defect."""

    def __getattribute__(self, name: str) -> Any:
        raise AssertionError(f"{name} was reached")


def ledger() -> MemoryLedger:
    """With one model version and one golden part of one product."""
    known = MemoryLedger()
    known.register("nut", BundleRef("memory:bundle", sha256_of(b"a")), Threshold(0.4, 0.8), NOW, "somebody")
    known.add_golden(GoldenPart(0, "nut", sha256_of(b"a"), "memory:a", True, "dent", b"", NOW, "somebody", "review 1"))
    return known


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("held", [*Role, None])
def test_a_change_needs_its_role_and_no_other_will_do(name: str, held: Role | None) -> None:
    """No role includes another; who lacks it changes nothing, and the ledger is not even asked."""
    wanted, change = CHANGES[name]
    person = Person("anna", frozenset({held} if held else ()))
    if held is wanted:
        change(ledger(), person, "a reason")
        return
    with pytest.raises(AccessDenied, match=wanted):
        change(RefusingLedger(), person, "a reason")


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_needs_a_reason(name: str) -> None:
    """Blanks are none."""
    _, change = CHANGES[name]
    for why in ("", " \n"):
        with pytest.raises(ReasonMissing):
            change(ledger(), Person.at_this_machine("anna"), why)


def test_a_change_changes() -> None:
    """What was asked for, through the port."""
    known, anna = ledger(), Person.at_this_machine("anna")
    changes.set_threshold(known, anna, 1, Threshold(0.1, 0.2), NOW, "too many misses")
    known.promote(1, NOW, "anna", "trial went well")
    changes.save_product(known, anna, Product("nut", Recipe(deadline_s=1)), NOW, "a faster line")
    changes.change_camera(known, anna, NEW, NOW, "new camera")
    active = known.active()["nut"]
    assert (active.threshold, active.recipe.deadline_s) == (Threshold(0.1, 0.2), 1)
    assert known.cameras() == [CAMERA]
