"""What came by itself into a model that judges, or may come to judge, keeps its picture for the nights that follow."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from core.adapters.days import prepare_days
from core.adapters.in_memory import MemoryArtifacts
from core.adapters.learned_pictures import backed_up
from core.adapters.ledger import PostgresLedger
from core.adapters.retain import Retention
from core.inspection import Evidence
from core.product import Product, Recipe
from core.retention import horizons
from core.retraining import LearnedPart, Origin, RunState, TrainingRun, Use
from core.settings import RetentionSettings
from core.verdict import Decision
from tests.contracts.ledgers import BAND, TODAY, batch, bundle, frame, fresh_postgres_ledger, inspected

LONG_AGO = TODAY - timedelta(days=400)


@pytest.fixture
def ledger() -> Iterator[PostgresLedger]:
    """Model 1 and model 2 of a product."""
    made = fresh_postgres_ledger(TODAY.date(), back=1, ahead=1)
    prepare_days(made.engine, LONG_AGO.date(), 0, 0)
    made.save_product(Product("ballscrew", Recipe()), TODAY, "anna", "test")
    for name in "ab":
        made.register("ballscrew", bundle(name), BAND, TODAY, "anna")
    yield made
    made.close()


@pytest.fixture
def store() -> MemoryArtifacts:
    """What is put there was written long ago."""
    return MemoryArtifacts(clock=lambda: LONG_AGO)


def learned(ledger: PostgresLedger, store: MemoryArtifacts) -> tuple[str, TrainingRun]:
    """An old OK part that nobody reviewed, and the run of candidate 1 that learned from it."""
    header = frame(7, captured_at=LONG_AGO)
    uri = store.put(f"frames/{LONG_AGO:%Y-%m-%d}/line1-top/7.png", b"picture")
    ledger.record(batch(replace(inspected(header, Decision.OK), evidence=Evidence(uri, ""))))
    part = LearnedPart(header.sha256, uri, LONG_AGO, "", "line1-top", Origin.AUTOMATIC, Use.TRAIN)
    run = ledger.begin_run("ballscrew", "2026-11-24", TODAY, "station", "nightly")
    snapshot = ledger.keep_snapshot("ballscrew", [part], TODAY)
    return uri, replace(run, candidate_id=1, snapshot_id=snapshot.id)


def is_kept_by_retention(ledger: PostgresLedger, store: MemoryArtifacts, uri: str) -> bool:
    keep = horizons(RetentionSettings(), TODAY.date())
    Retention(ledger.engine, store, keep, TODAY, lambda _: None).run()
    return uri in store.contents


@pytest.mark.parametrize("state", [RunState.RUNNING, RunState.SHADOWING, RunState.AWAITING])
def test_a_run_whose_candidate_may_yet_judge_keeps_its_pictures(
    ledger: PostgresLedger, store: MemoryArtifacts, state: RunState
) -> None:
    """Though another model judges; once the run has come to nothing they go."""
    uri, run = learned(ledger, store)
    ledger.promote(2, TODAY, "anna", "test")
    ledger.save_run(replace(run, state=state))
    assert is_kept_by_retention(ledger, store, uri)
    ledger.save_run(replace(run, state=RunState.REFUSED))
    assert not is_kept_by_retention(ledger, store, uri)


def test_the_active_models_pictures_stay_until_another_judges(ledger: PostgresLedger, store: MemoryArtifacts) -> None:
    """The day of their inspections is dropped meanwhile."""
    uri, run = learned(ledger, store)
    ledger.save_run(replace(run, state=RunState.PROMOTED))
    ledger.promote(1, TODAY, "anna", "test")
    assert is_kept_by_retention(ledger, store, uri)
    ledger.promote(2, TODAY, "anna", "better")
    assert not is_kept_by_retention(ledger, store, uri)


def test_a_backup_holds_what_nights_go_back_to(ledger: PostgresLedger, store: MemoryArtifacts) -> None:
    """A first model's pictures, which nothing else names, and those of the active model; not what may go anyway."""
    uri, run = learned(ledger, store)
    first = LearnedPart("1" * 64, "memory:/learned/ballscrew/1.png", TODAY, "", "", Origin.ACCEPTED, Use.TRAIN)
    snapshot = ledger.keep_snapshot("ballscrew", [first], TODAY)
    begun = ledger.begin_run("ballscrew", "first model 1", TODAY, "ada", "by hand")
    ledger.save_run(replace(begun, state=RunState.PROMOTED, candidate_id=2, snapshot_id=snapshot.id))
    ledger.save_run(replace(run, state=RunState.REFUSED))
    with ledger.engine.connect() as connection:
        assert set(connection.scalars(backed_up())) == {first.frame_uri}
    ledger.save_run(replace(run, state=RunState.SHADOWING))
    with ledger.engine.connect() as connection:
        assert set(connection.scalars(backed_up())) == {first.frame_uri, uri}
