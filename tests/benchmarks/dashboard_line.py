"""A line with millions of inspections behind it, made by the database itself: rows and counts, no pictures."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from core.adapters.days import prepare_days
from core.adapters.migrations.versions.v0010_rollups import FILL as COUNTS
from core.adapters.migrations.versions.v0016_lots import FILL as LOTS
from core.inspection import CameraRun
from line.seed.parts import START, THRESHOLD, Seeded, model_for
from line.seed.pictures import encoded, rendered_part

CAMERAS = {f"line{number}-{side}": product for number, product in ((1, "gear"), (2, "nut")) for side in ("top", "side")}
DAYS = 90

# One statement a day. Scores are lognormal about 1.1, one part in two hundred has a defect, one in five hundred fails.
ONE_DAY = text(
    """
insert into inspection
select at, camera, :start, number, :product, 'P-' || number, 'L-' || to_char(at, 'YYMMDD') || '-' || number % 4,
    repeat('0', 64), decision, case decision when 'ERROR' then 'undecodable' else '' end, '', score,
    case when decision <> 'ERROR' then :model end, case when decision <> 'ERROR' then :threshold end,
    case when decision <> 'ERROR' then :review end, case when decision <> 'ERROR' then :reject end,
    'benchmark', 'benchmark', 0, number, at, at + interval '90 ms', '', ''
from (
    select *, case when score is null then 'ERROR' when score >= :reject then 'NG' when score >= :review then 'REVIEW'
        else 'OK' end as decision
    from (
        select number, cast(:camera as text) as camera,
            cast(:day as timestamptz) + (number - :first) * (interval '1 day' / :rows) as at,
            case when number % 500 = 7 then null
                else exp(random_normal(0.095, 0.2)) + case when number % 200 = 3 then 1.6 else 0 end end as score
        from generate_series(cast(:first as bigint), cast(:first + :rows - 1 as bigint)) as number
    ) as seen
) as judged where at < :now
"""
)


def fill(line: Seeded, rows: int) -> int:
    """About so many inspections over ninety days up to now; returns how many there are."""
    engine, today = line.ledger.engine, line.now.replace(hour=0, minute=0, second=0, microsecond=0)
    prepare_days(engine, line.now.date(), back=DAYS, ahead=1)
    judges = {product: model_for(line, product) for product in set(CAMERAS.values())}
    a_day = max(1, rows // (DAYS * len(CAMERAS)))
    for back in range(DAYS, -1, -1):
        with engine.begin() as connection:
            connection.execute(text("set local statement_timeout = 0"))
            for camera, product in CAMERAS.items():
                judge = judges[product]
                given = {"start": START, "camera": camera, "product": product, "day": today - timedelta(days=back)}
                limits = {"review": THRESHOLD.review_from, "reject": THRESHOLD.reject_from}
                ids = {"model": judge.model_version_id, "threshold": judge.threshold_id}
                spans = {"first": (DAYS - back) * a_day, "rows": a_day, "now": line.now}
                connection.execute(ONE_DAY, given | limits | ids | spans)
    count_and_analyse(line)
    tell_of_cameras(line, (DAYS + 1) * a_day)
    with engine.connect() as connection:
        return connection.scalar(text("select count(*) from inspection")) or 0


def count_and_analyse(line: Seeded) -> None:
    """As the migrations count what is there, then as autovacuum would look at it."""
    with line.ledger.engine.begin() as connection:
        connection.execute(text("set local statement_timeout = 0"))
        connection.execute(text("truncate rollup, lot_rollup"))
        connection.execute(text(f"{COUNTS.strip().rstrip(';')} order by 2, 1"))  # as workers write them: by time
        connection.execute(text(LOTS))
    with line.ledger.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("set statement_timeout = 0"))
        connection.execute(text("vacuum analyze"))


def tell_of_cameras(line: Seeded, captured: int) -> None:
    """Each has run and has a newest picture."""
    from core.inspection import Tile
    from core.verdict import Decision

    for seed, (camera, product) in enumerate(CAMERAS.items()):
        line.ledger.report(CameraRun(camera, START, product, captured, 0, datetime.now(UTC)))
        thumbnail = encoded(rendered_part(seed, False)[0], ".jpg")
        limits = (THRESHOLD.review_from, THRESHOLD.reject_from)
        tile = Tile(camera, product, "P", line.now, Decision.OK, "", 1.0, *limits, 0.0, 1.0, thumbnail, b"")
        line.board.show([tile])
