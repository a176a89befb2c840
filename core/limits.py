"""A person changes a model's limits: asked here, by whatever page or command."""

from datetime import datetime

from core.access import Person, Role, require
from core.errors import ReasonMissing
from core.ports import ModelRegistry
from core.verdict import Threshold


def set_limits(
    person: Person, model_version_id: int, limits: Threshold, why: str, at: datetime, registry: ModelRegistry
) -> int:
    """Append a threshold, which the workers take within seconds, and return its id. The audit keeps who and why.

    Raises:
        AccessDenied: The person may not; nothing was changed.
        ReasonMissing: No reason was given; nothing was changed.
        UnknownModel: No such version.
    """
    require(person, Role.QUALITY)
    return registry.set_threshold(model_version_id, limits, at, person.name, reason_given(why))


def reason_given(why: str) -> str:
    """The reason without the space around it.

    Raises:
        ReasonMissing: There is none.
    """
    if not why.strip():
        raise ReasonMissing
    return why.strip()
