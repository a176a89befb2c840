"""A camera as its row says it should run, and how its source is shown: never with a password."""

import re
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from math import isfinite
from typing import Any, Self

from core.frame import CAMERA_NAME, PRODUCT_NAME, check_match

MASK = "***"
SOURCE = re.compile(r"[a-z]+:[^\x00-\x1f\x7f]{0,2000}")

# Greedy: a password may itself hold "@" or "/". Too much hidden is better than too little.
_USER_INFO = re.compile(r"(?i)\b(?!folder:|video:)([a-z][a-z0-9+.-]*:/{0,2})\S*@")
_SECRET_OPTION = re.compile(
    r"(?i)(?<=[?&;/])([^=&;/?\s]*(?:user|usr|login|pass|pwd|pw|token|secret|auth|key)[^=&;/?\s]*=)[^&;\s]*"
)
_QUERY = re.compile(r"(?i)\b((?:rtsps?|rtmps?|https?)://[^\s?]*\?)\S+")
"""Makers name their options as they like."""


class DropPolicy(StrEnum):
    """What happens to frames that the bus does not take in time."""

    BLOCK = "block"
    DROP_OLDEST = "drop-oldest"
    DROP_NEWEST = "drop-newest"


def masked(text: str) -> str:
    """The text with the credentials of every URL in it hidden: what stands before the host, and its options."""
    return _QUERY.sub(rf"\1{MASK}", _SECRET_OPTION.sub(rf"\1{MASK}", _USER_INFO.sub(rf"\1{MASK}@", text)))


@dataclass(frozen=True, slots=True)
class ConfiguredCamera:
    """One camera of the plant. `source` may hold a password: show `shown_source`, and never log this one."""

    name: str
    source: str = field(repr=False)
    product: str
    rate: float
    policy: DropPolicy = DropPolicy.BLOCK
    enabled: bool = True

    def __post_init__(self) -> None:
        check_match("camera", CAMERA_NAME, self.name)
        check_match("product", PRODUCT_NAME, self.product)
        if not SOURCE.fullmatch(self.source):
            raise ValueError("source must be of the form kind:what, e.g. rtsp://HOST/PATH")
        if "://" in self.source and re.search(r"\s", self.source):
            raise ValueError("a URL holds no spaces: write %20")  # what hides its password ends at a space
        if not (isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"rate must be a positive number of frames per second, got {self.rate}")

    @property
    def shown_source(self) -> str:
        """The source without its credentials."""
        return masked(self.source)

    def to_json(self) -> dict[str, Any]:
        """All of it as plain JSON values, the password included: for the camera's own process only."""
        return asdict(self) | {"policy": self.policy.value}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Self:
        """What `to_json` gave.

        Raises:
            KeyError, TypeError, ValueError: It was not made by it.
        """
        return cls(**values | {"policy": DropPolicy(values["policy"])})

    def to_audit(self) -> dict[str, Any]:
        """All of it as everybody may read it."""
        return replace(self, source=self.shown_source).to_json()


@dataclass(frozen=True, slots=True)
class RefusedCamera:
    """A row that somebody wrote past the verbs and that no camera can run by; `reason` holds no password."""

    name: str
    reason: str


def read_row(row: dict[str, Any]) -> ConfiguredCamera | RefusedCamera:
    """The camera of a row, or what is wrong with it: one bad row is no reason to run none."""
    try:
        return ConfiguredCamera.from_json(row)
    except (KeyError, TypeError, ValueError) as error:
        return RefusedCamera(str(row.get("name")), masked(str(error)))


@dataclass(frozen=True, slots=True)
class CameraChange:
    """From a camera as it was seen to what it shall be; None where there is none (added, or removed)."""

    before: ConfiguredCamera | None
    after: ConfiguredCamera | None

    def __post_init__(self) -> None:
        names = {camera.name for camera in (self.before, self.after) if camera is not None}
        if len(names) != 1:
            raise ValueError(f"a change is of one camera, got {sorted(names)}")

    @property
    def name(self) -> str:
        """The camera's."""
        return next(camera.name for camera in (self.before, self.after) if camera is not None)

    def to_audit(self) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
        """The old and the new values; a new password is said to be new, and not shown."""
        old = self.before.to_audit() if self.before else None
        new = self.after.to_audit() if self.after else None
        if self.before and self.after and new and self.before.source != self.after.source:
            new["credentials_changed"] = self.before.shown_source == self.after.shown_source
        return old, new
