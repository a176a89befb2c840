"""What a product's recipe says of its nights. Every field has a default that works without being touched."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NightRule:
    """When a product is trained again, from what, and how a candidate becomes the model that judges.

    `retrain_fewest_new` newly accepted parts are a reason to train; a model older than `retrain_longest_days` is one.
    Training makes `retrain_passes` image passes and `retrain_flow_passes` passes of density learning at most, and only
    within `retrain_hours` ("22-6", read in the recipe's time zone; empty for any hour).

    `most_learned` pictures are learned from at most, `replay_share` of them from what earlier models learned;
    `lot_cap` and `camera_cap` of the new ones may come from one lot and one camera.

    `accept_automatically` lets unreviewed OK parts in, `automatic_share` of what is learned at most: those that nobody
    has objected to for `quarantine_days`, and that the last model taught by people alone scores below
    `accept_below` of the way from its typical good part to its review threshold; `automatic_cap` per lot and camera.

    A candidate that passes the gate scores the same frames as the active model, without deciding, for `shadow_parts`
    parts or `shadow_hours`, whichever ends first; 0 parts for no shadow run. Then it is promoted, unless
    `promote_automatically` leaves that to a person.
    """

    retrain_fewest_new: int = 50
    retrain_longest_days: float = 30.0
    retrain_passes: float = 4.0
    retrain_flow_passes: float = 1.5
    retrain_hours: str = ""
    most_learned: int = 600
    replay_share: float = 0.5
    lot_cap: int = 150
    camera_cap: int = 300
    accept_automatically: bool = False
    automatic_share: float = 0.25
    automatic_cap: int = 20
    accept_below: float = 0.25
    quarantine_days: float = 3.0
    shadow_parts: int = 200
    shadow_hours: float = 24.0
    promote_automatically: bool = True

    def check_night(self) -> None:
        """Raise ValueError where a field has a value that it cannot have."""
        for name in ("replay_share", "automatic_share", "accept_below"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name} must be in 0..1 and below 1, got {getattr(self, name)}")
        for name in ("retrain_fewest_new", "most_learned", "lot_cap", "camera_cap", "automatic_cap"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        for name in ("retrain_longest_days", "retrain_passes", "retrain_flow_passes"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be positive, got {getattr(self, name)}")
        for name in ("quarantine_days", "shadow_parts", "shadow_hours"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must not be negative, got {getattr(self, name)}")
        hours_of(self.retrain_hours)


def hours_of(text: str) -> frozenset[int]:
    """The hours of the day in which `22-6` allows something; all for an empty text.

    Raises:
        ValueError: It is no such text.
    """
    if not text:
        return frozenset(range(24))
    first, dash, end = text.partition("-")
    if not (dash and first.isdigit() and end.isdigit() and int(first) < 24 and int(end) <= 24 and first != end):
        raise ValueError(f"hours are written like 22-6, got {text!r}")
    span = (int(end) - int(first)) % 24 or 24
    return frozenset((int(first) + hour) % 24 for hour in range(span))
