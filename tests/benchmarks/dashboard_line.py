"""A line with millions of inspections behind it, made by the database itself: a day's rows, then a day's counts.

What was not OK has a picture and a map, out of a stock that is drawn once; a fifth of it has a review.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import Connection, text

from core.adapters.days import prepare_days
from core.adapters.migrations.versions.v0010_rollups import FILL as COUNTS
from core.adapters.migrations.versions.v0016_lots import FILL as LOTS
from core.inspection import CameraRun, Judge, StoredMap, Tile
from core.verdict import Decision, judge
from line.seed.parts import START, THRESHOLD, Seeded, model_for
from line.seed.pictures import encoded, rendered_part, stored

PRODUCTS = ("gear", "nut", "bracket", "flange")
SIDES = ("top", "side", "left", "right")
CAMERAS = {f"line{number}-{side}": product for number, product in enumerate(PRODUCTS, 1) for side in SIDES}
DAYS = 90
STOCK = 96
"""Pictures with a defect: two pages of the gallery, so that no page shows one twice."""

# One statement a day. Scores are lognormal about 1.1, one part in two hundred has a defect, one in five hundred fails;
# a lot is what one product makes in eight hours.
ONE_DAY = text(
    """
insert into inspection
select at, camera, :start, number, product, 'P-' || number,
    'L-' || to_char(at, 'YYMMDD') || '-' || product || '-' || 1 + extract(hour from at)::integer / 8,
    repeat('0', 64), decision, case decision when 'ERROR' then 'undecodable' else '' end, '', score,
    case when decision <> 'ERROR' then model end, case when decision <> 'ERROR' then limits end,
    case when decision <> 'ERROR' then :review end, case when decision <> 'ERROR' then :reject end,
    'benchmark', 'benchmark', lane, number, at, at + interval '90 ms',
    case when decision in ('NG', 'REVIEW') then (cast(:frames as text[]))[1 + hash % :stock] else '' end, ''
from (
    select *, case when score is null then 'ERROR' when score >= :reject then 'NG' when score >= :review then 'REVIEW'
        else 'OK' end as decision
    from (
        select *, cast(:day as timestamptz) + (number - :first) * (interval '1 day' / :rows) as at,
            7919 * number + lane as hash,
            case when number % 500 = 7 then null
                else exp(random_normal(0.095, 0.2)) + case when number % 200 = 3 then 1.6 else 0 end end as score
        from generate_series(cast(:first as bigint), cast(:first + :rows - 1 as bigint)) as number
        cross join unnest(cast(:cameras as text[]), cast(:products as text[]), cast(:models as bigint[]),
            cast(:limits as bigint[])) with ordinality as each (camera, product, model, limits, lane)
    ) as seen
) as judged where at < :now order by at, camera
"""
)

MAPS = """
insert into score_map
select captured_at, camera, start_id, sequence, (cast(:maps as bytea[]))[1 + (7919 * sequence + partition) % :stock],
    :low, :high
from {inspection} where decision in ('NG', 'REVIEW')
"""

REVIEWS = """
insert into review (captured_at, camera, start_id, sequence, replaces, judgement, kind, mask_png, note, who, at,
    product, lot, sha256, frame_uri, decision, score, model_version_id)
select captured_at, camera, start_id, sequence, 0, case when score < 2.7 then 'good' else 'defect' end,
    case when score < 2.7 then '' else (array['scratch', 'dent', 'stain'])[1 + sequence % 3] end, '', '', 'omar',
    captured_at + interval '1 hour', product, lot, sha256, frame_uri, decision, score, model_version_id
from {inspection} where decision in ('NG', 'REVIEW') and sequence % 5 = 3
"""


@dataclass(frozen=True)
class Stock:
    """What stands in the rows of parts that were not OK: where their pictures lie, and their maps."""

    frames: list[str]
    maps: list[StoredMap]

    def given(self) -> Mapping[str, Any]:
        """As the statements take it; one scale for all maps, so that a row needs no third list."""
        low, high = min(each.low for each in self.maps), max(each.high for each in self.maps)
        maps = [each.png for each in self.maps]
        return {"frames": self.frames, "maps": maps, "low": low, "high": high, "stock": len(self.frames)}


def fill(line: Seeded, rows: int) -> Iterator[str]:
    """At least so many inspections over ninety days up to now; says now and then how far it is."""
    engine, today = line.ledger.engine, line.now.replace(hour=0, minute=0, second=0, microsecond=0)
    prepare_days(engine, line.now.date(), back=DAYS, ahead=1)
    a_day = ceil(rows / (len(CAMERAS) * (DAYS + (line.now - today) / timedelta(days=1))))
    given = _given(line, today, a_day)
    for back in range(DAYS, -1, -1):
        spans = {"day": today - timedelta(days=back), "first": (DAYS - back) * a_day, "rows": a_day, "now": line.now}
        with engine.begin() as connection:
            _one_day(connection, given | spans)
        if back % 10 == 0:
            yield f"{DAYS - back} days"
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("set statement_timeout = 0"))
        connection.execute(text("vacuum analyze"))  # as autovacuum would before long
    yield "vacuumed"


def _given(line: Seeded, today: datetime, a_day: int) -> dict[str, Any]:
    judges = _judges(replace(line, now=today - timedelta(days=DAYS)))
    models = [judges[product].model_version_id for product in CAMERAS.values()]
    limits = [judges[product].threshold_id for product in CAMERAS.values()]
    of_cameras = {"cameras": [*CAMERAS], "products": [*CAMERAS.values()], "models": models, "limits": limits}
    shared = {"start": START, "review": THRESHOLD.review_from, "reject": THRESHOLD.reject_from}
    return of_cameras | shared | dict(draw_stock(line).given())


def _judges(line: Seeded) -> dict[str, Judge]:
    return {product: model_for(line, product) for product in PRODUCTS}


def _one_day(connection: Connection, given: Mapping[str, Any]) -> None:
    """Rows, then what stations and people would have added to each of them, read from that day's table alone."""
    table = f"inspection_{given['day']:%Y%m%d}"
    for setting in ("statement_timeout = 0", "synchronous_commit = off", "work_mem = '256MB'"):
        connection.execute(text(f"set local {setting}"))
    connection.execute(text("select setseed(0.7)"))  # the same rows each time
    connection.execute(ONE_DAY, given)
    connection.execute(text(MAPS.format(inspection=table)), given)
    connection.execute(text(REVIEWS.format(inspection=table)))
    by_time = f"{COUNTS.strip().rstrip(';')} order by 2, 1"  # as workers write them
    connection.execute(text(_of_that_day(by_time, table)))
    connection.execute(text(_of_that_day(LOTS, table)))


def _of_that_day(statement: str, table: str) -> str:
    return statement.replace("from inspection ", f"from {table} ")


def draw_stock(line: Seeded) -> Stock:
    """Pictures into the line's own store."""
    drawn = [rendered_part(seed, defect=True) for seed in range(STOCK)]
    frames = [line.artifacts.put(f"frames/stock/{seed}.png", encoded(pixels)) for seed, (pixels, _) in enumerate(drawn)]
    return Stock(frames, [stored(scores) for _, scores in drawn])


def tell_of_cameras(line: Seeded, captured: int) -> None:
    """Each runs and has a newest picture, whenever the rows were made."""
    tiles = []
    for seed, (camera, product) in enumerate(CAMERAS.items()):
        line.ledger.report(CameraRun(camera, START, product, captured, 0, datetime.now(UTC)))
        tiles.append(newest_tile(camera, product, seed, datetime.now(UTC)))
    line.board.show(tiles)


def newest_tile(camera: str, product: str, seed: int, captured_at: datetime) -> Tile:
    """As a worker would put it on the board: every eighth with a defect."""
    pixels, scores = rendered_part(seed, defect=seed % 8 == 3)
    drawn, verdict = stored(scores), judge(float(scores.max()), THRESHOLD)
    limits = (THRESHOLD.review_from, THRESHOLD.reject_from)
    part, decision = f"P-{seed}", Decision(verdict.decision)
    return Tile(
        camera, product, part, captured_at, decision, "", verdict.score, *limits, drawn.low, drawn.high,
        encoded(pixels, ".jpg"), drawn.png,
    )  # fmt: skip
