"""Which pictures a night learns from: pure. No bad lot, and no slowly growing defect, must teach itself to be normal.

Nothing golden gets in, nor anything like it; nothing twice; and of the newest some are kept from all training, so that
the gate can count false rejects on parts that no model has seen.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil

from core.night_rule import NightRule
from core.retraining import LearnedPart, Origin, Use
from retrain.likeness import Gallery, Thumbnail, near_limit

HELD_OUT_SHARE = 0.15
CALIBRATE_SHARE = 0.2
"""Of the newly accepted parts, the newest held out, the ones before them for calibration."""
MOST_CALIBRATED = 300
"""Of those that calibrated before, the newest: a limit is for what the line makes now."""
FIXED_LIMIT = 13
"""Of 256: five in a hundred good parts are a fixed sample for the gate, told by their hash, and never learned from."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A picture that might be learned from; `earlier` is what it was used for before, None where it never was."""

    sha256: str
    frame_uri: str
    captured_at: datetime
    lot: str
    camera: str
    origin: Origin
    thumbnail: Thumbnail
    earlier: Use | None = None

    def used(self, use: Use) -> LearnedPart:
        """As a part of the snapshot."""
        facts = (self.sha256, self.frame_uri, self.captured_at, self.lot, self.camera)
        return LearnedPart(*facts, self.origin, use)


@dataclass(frozen=True, slots=True)
class Golden:
    """What must never be learned: hashes, and thumbnails that nothing may be like."""

    sha256s: frozenset[str]
    thumbnails: tuple[Thumbnail, ...]


@dataclass(frozen=True, slots=True)
class Curated:
    """The pictures to learn from, and how many were left out for which reason."""

    parts: tuple[LearnedPart, ...]
    left_out: Mapping[str, int]

    def sentence(self) -> str:
        """For the run's log."""
        uses, origins = (Counter(getattr(part, name) for part in self.parts) for name in ("use", "origin"))
        said = [f"{count} {name}" for counted in (uses, origins) for name, count in sorted(counted.items())]
        out = "; ".join(f"{count} {reason}" for reason, count in sorted(self.left_out.items())) or "none"
        return f"{len(self.parts)} pictures ({', '.join(said)}); left out: {out}"


def is_fixed_sample(sha256: str) -> bool:
    """Whether a good part belongs to the gate's fixed sample, and so to no training."""
    return int(sha256[2:4], 16) < FIXED_LIMIT


def curated(candidates: Iterable[Candidate], golden: Golden, rule: NightRule) -> Curated:
    """The snapshot of this night.

    Earlier pictures are told apart from new ones by their origin; of two that are alike a person's word counts first,
    then what was learned before, then what came by itself.
    """
    left_out: Counter[str] = Counter()
    unlike = _unlike(sorted(candidates, key=_precedence), golden, left_out)
    accepted, replay, automatic = (
        [one for one in unlike if one.origin is origin] for origin in (Origin.ACCEPTED, Origin.REPLAY, Origin.AUTOMATIC)
    )
    accepted = _capped(accepted, rule.lot_cap, rule.camera_cap, left_out)
    accepted = _of_one_night(accepted, bool(replay), rule, left_out)
    parts = _split_by_time(accepted)
    parts += [one.used(Use.CALIBRATE) for one in replay if one.earlier is Use.CALIBRATE][-MOST_CALIBRATED:]
    new = [part for part in parts if part.use is Use.TRAIN]
    most = max(0, rule.most_learned - len(new))
    by_itself = _capped(automatic, rule.automatic_cap, rule.automatic_cap, left_out)
    replayed = _replayed(replay, len(new) + len(by_itself), most, rule)
    room = int(rule.automatic_share / (1 - rule.automatic_share) * (len(new) + len(replayed)))
    taken = _drawn(by_itself, min(room, most - len(replayed)))
    left_out["accepted automatically beyond their share"] += len(by_itself) - len(taken)
    parts += [one.used(Use.TRAIN) for one in (*replayed, *taken)]
    return Curated(tuple(parts), {reason: count for reason, count in left_out.items() if count})


def _precedence(one: Candidate) -> tuple[int, datetime, str]:
    order = (Origin.ACCEPTED, Origin.REPLAY, Origin.AUTOMATIC)
    return order.index(one.origin), one.captured_at, one.sha256


def _unlike(candidates: Sequence[Candidate], golden: Golden, left_out: Counter[str]) -> list[Candidate]:
    limit = near_limit([one.thumbnail for one in candidates])
    kept: list[Candidate] = []
    seen, gold = Gallery(len(candidates)), Gallery(len(golden.thumbnails))
    for thumbnail in golden.thumbnails:
        gold.add(thumbnail)
    for one in candidates:
        reason = _reason_against(one, golden, gold, seen, limit)
        if reason:
            left_out[reason] += 1
        else:
            kept.append(one)
            seen.add(one.thumbnail)
    return kept


def _reason_against(one: Candidate, golden: Golden, gold: Gallery, seen: Gallery, limit: float) -> str:
    if one.sha256 in golden.sha256s or is_fixed_sample(one.sha256):
        return "golden, or of the gate's fixed sample"
    if gold.holds_like(one.thumbnail, limit):
        return "like a golden part"
    return "like another one" if seen.holds_like(one.thumbnail, limit) else ""


def _of_one_night(
    accepted: Sequence[Candidate], has_replay: bool, rule: NightRule, left_out: Counter[str]
) -> list[Candidate]:
    """No more than leave room for what was learned before; the others are new again the next night."""
    share = (1 - rule.replay_share) if has_replay else 1.0
    most = int(share * rule.most_learned / (1 - HELD_OUT_SHARE - CALIBRATE_SHARE))
    left_out["beyond what one night learns"] += max(0, len(accepted) - most)
    return _drawn(accepted, most)


def _capped(candidates: Sequence[Candidate], lot_cap: int, camera_cap: int, left_out: Counter[str]) -> list[Candidate]:
    per_lot = _at_most(candidates, lot_cap, lambda one: one.lot)
    per_camera = _at_most(per_lot, camera_cap, lambda one: one.camera)
    left_out["beyond the cap of their lot"] += len(candidates) - len(per_lot)
    left_out["beyond the cap of their camera"] += len(per_lot) - len(per_camera)
    return per_camera


def _at_most(candidates: Sequence[Candidate], cap: int, group: Callable[[Candidate], str]) -> list[Candidate]:
    groups = {group(one) for one in candidates}
    return [chosen for name in sorted(groups) for chosen in _drawn([c for c in candidates if group(c) == name], cap)]


def _drawn(candidates: Sequence[Candidate], count: int) -> list[Candidate]:
    """So many, drawn by their hashes: evenly, and the same ones every time."""
    return sorted(candidates, key=lambda one: one.sha256)[: max(0, count)]


def _split_by_time(accepted: Sequence[Candidate]) -> list[LearnedPart]:
    ordered = sorted(accepted, key=lambda one: (one.captured_at, one.sha256))
    held_out, calibrate = (ceil(share * len(ordered)) for share in (HELD_OUT_SHARE, CALIBRATE_SHARE))
    train = max(0, len(ordered) - held_out - calibrate)
    uses = [Use.TRAIN] * train + [Use.CALIBRATE] * calibrate + [Use.HELD_OUT] * held_out
    return [one.used(use) for one, use in zip(ordered, uses, strict=False)]


def _replayed(replay: Sequence[Candidate], new: int, most: int, rule: NightRule) -> list[Candidate]:
    wanted = ceil(rule.replay_share / (1 - rule.replay_share) * new)
    return _drawn([one for one in replay if one.earlier is not Use.CALIBRATE], min(wanted, most))
