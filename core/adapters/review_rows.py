"""Reviews and golden parts to rows and back: pure, shared by the ledger and its twin."""

from collections.abc import Mapping
from typing import Any

from core.frame import FrameId
from core.review import GoldenPart, Judgement, Opinion, PartKey, Review

Row = dict[str, Any]

COPIED = ("product", "lot", "sha256", "frame_uri", "decision", "score", "model_version_id")
"""What a review keeps of the inspection, which is dropped by the day."""


def key_row(part: PartKey) -> Row:
    """The key of an inspection, by column."""
    identity = part.frame_id
    key = {"camera": identity.camera, "start_id": identity.start_id, "sequence": identity.sequence}
    return {"captured_at": part.captured_at} | key


def opinion_row(opinion: Opinion) -> Row:
    """What was said, by column."""
    told = {"judgement": opinion.judgement.value, "kind": opinion.kind}
    return told | {"mask_png": opinion.mask_png, "note": opinion.note}


def told_row(opinion: Opinion) -> Row:
    """What the audit keeps of it: the mask's size stands for the mask."""
    row = opinion_row(opinion)
    return row | {"mask_png": f"{len(row['mask_png'])} bytes"}


def review_of(row: Mapping[str, Any]) -> Review:
    """The review of this row."""
    part = PartKey(row["captured_at"], FrameId(row["camera"], row["start_id"], row["sequence"]))
    opinion = Opinion(Judgement(row["judgement"]), row["kind"], bytes(row["mask_png"]), row["note"])
    return Review(row["id"], part, opinion, row["who"], row["at"], *(row[name] for name in COPIED))


def golden_row(golden: GoldenPart) -> Row:
    """By column, without the id."""
    names = ("product", "sha256", "frame_uri", "is_defect", "kind", "mask_png", "added_at", "who", "why")
    return {name: getattr(golden, name) for name in names}


def golden_part_of(row: Mapping[str, Any]) -> GoldenPart:
    """The golden part of this row."""
    return GoldenPart(row["id"], **golden_row_of(row), retired_why=row["retired_why"])


def golden_row_of(row: Mapping[str, Any]) -> Row:
    """A stored row's own columns, with the mask as bytes."""
    names = ("product", "sha256", "frame_uri", "is_defect", "kind", "added_at", "who", "why")
    return {name: row[name] for name in names} | {"mask_png": bytes(row["mask_png"])}


def told_golden(golden: GoldenPart | None) -> Row | None:
    """What the audit keeps of it."""
    if golden is None:
        return None
    return {"sha256": golden.sha256, "is_defect": golden.is_defect, "kind": golden.kind, "why": golden.why}
