"""What the pages say: scores in limits, ages, moments and counts. Pure text, nothing is escaped here."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from core.verdict import Threshold

THIN_SPACE = "\u2009"
TIMES = "\u00d7"


def share_of_limit(score: float, threshold: Threshold) -> float | None:
    """The score over `reject_from`; None where the limit is not positive, so that a ratio would say nothing."""
    return score / threshold.reject_from if threshold.reject_from > 0 else None


def score_words(score: float, threshold: Threshold) -> str:
    """`1.37 x limit`, or the raw number where there is no such ratio."""
    share = share_of_limit(score, threshold)
    if share is None:
        return f"score {score:.3g}"
    return f"{share:.1f} {TIMES} limit" if share >= 10 else f"{share:.2f} {TIMES} limit"


def count_words(count: int) -> str:
    """Digits in groups of three."""
    return f"{count:,}".replace(",", THIN_SPACE)


def span_words(seconds: float) -> str:
    """A length of time in its one fitting unit: `14 s`, `4 min`, `3 h`, `2 d`."""
    whole = max(0, int(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min"
    return f"{whole // 3600} h" if whole < 48 * 3600 else f"{whole // 86400} d"


def moment_words(moment: datetime, now: datetime, zone: str) -> str:
    """`4 min ago` within the hour, else date and time in the viewer's zone."""
    age = (now - moment).total_seconds()
    if 0 <= age < 3600:
        return f"{span_words(age)} ago"
    return clock_words(moment, zone)


def clock_words(moment: datetime, zone: str) -> str:
    """Date and time to the second in the viewer's zone, which is named."""
    local = moment.astimezone(time_zone(zone))
    return f"{local:%Y-%m-%d %H:%M:%S} {local.tzname()}"


def latency_words(duration: timedelta) -> str:
    """Milliseconds below ten seconds, else the fitting unit."""
    seconds = duration.total_seconds()
    return f"{seconds * 1000:.0f} ms" if 0 <= seconds < 10 else span_words(seconds)


def time_zone(name: str) -> ZoneInfo:
    """The zone of this name, UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")
