"""Requests: what a person asks a station to do. Pages write them, stations do them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol

TAKEN_FOR = timedelta(minutes=5)
"""How long whoever took a request has for its answer; a station answers in seconds, so this one is dead."""


GOOD_PICTURES = "good"
"""Folder of the artifact store with the pictures a first model is asked for; only requests name them, nothing ages."""


class RequestKind(StrEnum):
    """What can be asked of the retrain station."""

    TRAIN = "train"
    PROMOTE = "promote"
    ROLLBACK = "rollback"
    CANCEL = "cancel"
    PREVIEW_DEFECTS = "preview defects"


class RequestState(StrEnum):
    """How far a request is."""

    WAITING = "waiting"
    TAKEN = "taken"
    DONE = "done"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Request:
    """One row. `details` are plain JSON values that the kind defines; `answer` says what came of it, in words."""

    id: int
    kind: RequestKind
    product: str
    details: Mapping[str, Any]
    asked_at: datetime
    who: str
    why: str
    state: RequestState = RequestState.WAITING
    answer: str = ""
    answered_at: datetime | None = None


class Requests(Protocol):
    """The one way from a page to a station."""

    def ask(
        self, kind: RequestKind, product: str, details: Mapping[str, Any], at: datetime, who: str, why: str
    ) -> Request:
        """Write the request down; whoever does it comes by within seconds. The audit keeps it."""
        ...

    def take_request(self, at: datetime, who: str) -> Request | None:
        """The oldest that waits, now taken and given to nobody else; None where none waits.

        One that was taken and not answered for TAKEN_FOR waits again: its station is dead.
        """
        ...

    def answer(self, request_id: int, state: RequestState, answer: str, at: datetime) -> None:
        """Say what came of it: DONE or REFUSED, with words for whoever asked. The first answer stands."""
        ...

    def requests(self, product: str, limit: int) -> list[Request]:
        """The newest of a product, newest first."""
        ...
