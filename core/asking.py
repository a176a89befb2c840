"""What a person asks of the retrain station: one request row each, which the station answers within seconds."""

from collections.abc import Sequence
from datetime import datetime

from core.access import Person, Role, require
from core.changes import ask_station
from core.request import Request, RequestKind, Requests


def ask_promotion(
    requests: Requests, person: Person, product: str, model_version_id: int, at: datetime, why: str
) -> Request:
    """Let this version judge.

    Raises:
        AccessDenied, ReasonMissing: Nothing was asked.
    """
    return ask_station(requests, person, RequestKind.PROMOTE, product, {"model_version_id": model_version_id}, at, why)


def ask_rollback(requests: Requests, person: Person, product: str, from_model: int, at: datetime, why: str) -> Request:
    """Let the version judge that did before `from_model`, which is the active one as the person sees it.

    Raises as `ask_promotion` does.
    """
    return ask_station(requests, person, RequestKind.ROLLBACK, product, {"from_model": from_model}, at, why)


def ask_training(
    requests: Requests, person: Person, product: str, at: datetime, why: str, images: Sequence[str] = ()
) -> Request:
    """Train now: from what was accepted, or, for a first model, from these pictures of the artifact store.

    Raises as `ask_promotion` does.
    """
    details: dict[str, object] = {"images": list(images)} if images else {}
    return ask_station(requests, person, RequestKind.TRAIN, product, details, at, why)


def ask_preview(requests: Requests, person: Person, product: str, images: Sequence[str], at: datetime) -> Request:
    """Draw synthetic defects on these pictures of the artifact store, to be looked at; it changes nothing else.

    So it asks for no reason, and whoever answers for the product may ask it.

    Raises:
        AccessDenied: Nothing was asked.
    """
    require(person, Role.QUALITY)
    details = {"images": list(images)}
    return requests.ask(RequestKind.PREVIEW_DEFECTS, product, details, at, person.name, "to look at them")
