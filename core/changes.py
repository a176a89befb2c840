"""What people change about the line.

Each function asks for the role and for a reason, then hands over to the port, whose adapter writes the change and its
audit in one transaction. Pages and commands call these and never the ports' own verbs.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.access import Person, Role, reason_of, require
from core.camera import CameraChange
from core.camera_ports import CameraDirectory, OpticsRegistry
from core.optics import OpticsCheck
from core.ports import ModelRegistry
from core.product import Product
from core.request import Request, RequestKind, Requests
from core.review_ports import GoldenSet
from core.verdict import Threshold


def set_threshold(
    models: ModelRegistry, person: Person, model_version_id: int, threshold: Threshold, at: datetime, why: str
) -> int:
    """Judge by these limits from now on; the threshold's id.

    Raises:
        AccessDenied, ReasonMissing, UnknownModel: Nothing was changed.
    """
    require(person, Role.QUALITY)
    return models.set_threshold(model_version_id, threshold, at, person.name, reason_of(why))


def save_product(models: ModelRegistry, person: Person, product: Product, at: datetime, why: str) -> None:
    """Add the product, or inspect it by another recipe from now on.

    Raises:
        AccessDenied, ReasonMissing: Nothing was changed.
    """
    require(person, Role.QUALITY)
    models.save_product(product, at, person.name, reason_of(why))


def retire_golden(golden: GoldenSet, person: Person, golden_id: int, at: datetime, why: str) -> None:
    """Hold no candidate to this part any more; it stays, with the reason.

    Raises:
        AccessDenied, ReasonMissing, UnknownPart: Nothing was changed.
    """
    require(person, Role.QUALITY)
    golden.retire_golden(golden_id, at, person.name, reason_of(why))


def ask_station(
    requests: Requests,
    person: Person,
    kind: RequestKind,
    product: str,
    details: Mapping[str, Any],
    at: datetime,
    why: str,
) -> Request:
    """Ask the retrain station to train, promote, roll back, cancel or draw; what comes of it stands in the request.

    Raises:
        AccessDenied, ReasonMissing: Nothing was asked.
    """
    require(person, Role.ENGINEER)
    return requests.ask(kind, product, details, at, person.name, reason_of(why))


def change_camera(cameras: CameraDirectory, person: Person, change: CameraChange, at: datetime, why: str) -> None:
    """Add, change or remove a camera.

    Raises:
        AccessDenied, ReasonMissing, CameraChanged: Nothing was changed.
    """
    require(person, Role.ENGINEER)
    cameras.change_camera(change, at, person.name, reason_of(why))


def save_optics(
    optics: OpticsRegistry,
    person: Person,
    camera: str,
    product: str,
    check: OpticsCheck | None,
    at: datetime,
    why: str,
) -> None:
    """Check this camera's pictures of this product by these limits from now on; None: check them no longer.

    Raises:
        AccessDenied, ReasonMissing: Nothing was changed.
    """
    require(person, Role.ENGINEER)
    optics.save_optics(camera, product, check, at, person.name, reason_of(why))
