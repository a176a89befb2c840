"""The audit can be read: who changed what, when, from what to what, and why."""

import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from core.adapters.audit_rows import audit_entries
from core.adapters.ledger import PostgresLedger
from core.audit import AuditFilter, sentence
from core.product import Product, Recipe
from tests.contracts.ledgers import BAND, TODAY, bundle

ROOT = Path(__file__).parents[2]


def changed(ledger: PostgresLedger) -> PostgresLedger:
    """Three changes by two people, an hour apart."""
    ledger.save_product(Product("nut", Recipe()), TODAY, "anna", "first")
    ledger.save_product(Product("nut", Recipe(deadline_s=0.8)), TODAY + timedelta(hours=1), "bert", "a faster line")
    ledger.register("bolt_1", bundle(), BAND, TODAY + timedelta(hours=2), "anna")
    return ledger


def whats(ledger: PostgresLedger, wanted: AuditFilter, limit: int = 10) -> list[str]:
    return [entry.what for entry in audit_entries(ledger.engine, wanted, limit)]


def test_changes_come_newest_first_and_page_by_page(postgres_ledger: PostgresLedger) -> None:
    """`before_id` goes on where the last page ended."""
    changed(postgres_ledger)
    first = audit_entries(postgres_ledger.engine, AuditFilter(), 2)
    assert [entry.what for entry in first] == ["model bolt_1", "product nut"]
    assert whats(postgres_ledger, AuditFilter(before_id=first[-1].id)) == ["product nut"]


def test_changes_are_found_by_person_thing_and_time(postgres_ledger: PostgresLedger) -> None:
    """And a sign that SQL reads as any letter is only itself."""
    changed(postgres_ledger)
    assert whats(postgres_ledger, AuditFilter(who="bert")) == ["product nut"]
    assert whats(postgres_ledger, AuditFilter(what="model")) == ["model bolt_1"]
    assert whats(postgres_ledger, AuditFilter(what="model bolt_")) == ["model bolt_1"]
    assert whats(postgres_ledger, AuditFilter(what="model bol__")) == []
    assert whats(postgres_ledger, AuditFilter(since=TODAY + timedelta(hours=2))) == ["model bolt_1"]


def test_a_change_is_one_sentence_with_only_what_differs(postgres_ledger: PostgresLedger) -> None:
    """Of a recipe's fields, the one that was changed."""
    changed(postgres_ledger)
    (entry,) = audit_entries(postgres_ledger.engine, AuditFilter(who="bert"), 1)
    assert sentence(entry) == '2026-11-24 09:30:00  bert  product nut  deadline_s 0.0 -> 0.8  "a faster line"'


def test_one_command_prints_it(postgres_ledger: PostgresLedger) -> None:
    """For whoever asks a year from now."""
    changed(postgres_ledger)
    url = postgres_ledger.engine.url.render_as_string(hide_password=False)
    command = [sys.executable, "-m", "core", "audit", "--who", "bert", "--since", "2026-11-24"]
    done = subprocess.run(command, cwd=ROOT, env={"DATABASE_URL": url}, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        '2026-11-24 09:30:00  bert  product nut  deadline_s 0.0 -> 0.8  "a faster line"'
    ]
