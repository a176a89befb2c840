"""`python -m core migrate`: makes the database (and the Kafka topics) ready. `retain`: removes what is too old.

`backup FOLDER` and `restore FOLDER` keep what the line remembers.
`settings` lists every setting; `audit` says who changed what, when, and why.
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import structlog
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from core.adapters import wiring
from core.adapters.audit_rows import audit_entries
from core.adapters.log_lines import write_log_lines
from core.adapters.migrate import upgrade
from core.adapters.postgres_logins import give_login, read_url
from core.audit import AuditFilter, sentence
from core.errors import BackupIncomplete, LineError
from core.settings import LineSettings, RetentionSettings

STATIONS = ("core", "ingest", "model", "worker", "dashboard", "retrain")

log = structlog.get_logger("core")


def main() -> int:
    """Run one verb."""
    parser = argparse.ArgumentParser(prog="python -m core", description=__doc__)
    verbs = parser.add_subparsers(required=True)
    migrate = verbs.add_parser("migrate", help="bring database and topics to this version")
    migrate.add_argument(
        "--login",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="files that each hold a station's DATABASE_URL: its role may then log in with the password of that URL",
    )
    migrate.set_defaults(run=_migrate)
    verbs.add_parser("settings", help="every setting: name, default, reason").set_defaults(run=_print_settings)
    retain = verbs.add_parser("retain", help="remove what is older than the RETAIN_ settings keep it")
    retain.add_argument("--dry-run", action="store_true", help="only say what would go")
    retain.add_argument("--daily", action="store_true", help="go on, and remove once a day until stopped")
    retain.set_defaults(run=_retain)
    for verb, run, does in (
        ("backup", _backup, "write database and artifacts into an empty folder; the line may run"),
        ("restore", _restore, "bring such a folder back into an empty database and its artifact store"),
    ):
        keeping = verbs.add_parser(verb, help=does)
        keeping.add_argument("folder", type=Path)
        keeping.set_defaults(run=run)
        if verb == "backup":
            keeping.add_argument(
                "--despite-loss", action="store_true", help="also where the store lacks what is needed"
            )
    audit = verbs.add_parser("audit", help="who changed what, newest first")
    audit.add_argument("--who", default="", help="only this person's changes")
    audit.add_argument("--what", default="", help='only what begins so, e.g. "threshold" or "camera line1-top"')
    audit.add_argument("--since", type=_moment, help="only from this moment on, e.g. 2026-11-25 or 2026-11-25T06:00Z")
    audit.add_argument("--last", type=int, default=50, help="how many at most (default 50)")
    audit.set_defaults(run=_print_audit)
    users = verbs.add_parser("redis-users", help="print the aclfile of a Redis that knows the stations only")
    users.add_argument("files", nargs="+", type=Path, help="files that each hold a station's REDIS_URL")
    users.set_defaults(run=_print_redis_users)
    write_log_lines(LineSettings().log_format, "core")
    asked = parser.parse_args()
    try:
        asked.run(asked)
    except LineError as error:
        print(f"core: {error}", file=sys.stderr)
        return 1
    return 0


def _migrate(told: argparse.Namespace) -> None:
    settings = LineSettings()
    ledger = wiring.open_ledger(settings, "migrate")
    upgrade(ledger.engine)
    for file in told.login:
        log.info("login_given", role=give_login(ledger.engine, read_url(file)))
    opened = ledger.prepare_days(datetime.now(UTC).date())
    wiring.ensure_topics(settings)
    if not ledger.active():
        wiring.make_artifacts(settings)  # later a folder that is not there is one that is not mounted
    days = ledger.open_days()
    log.info("migrated", days_opened=len(opened), first_day=str(days.first), last_day=str(days.last))
    ledger.close()


def _retain(asked: argparse.Namespace) -> None:
    if asked.daily:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        wiring.open_tidying(LineSettings(), stop.wait).run_until(stop)
        return
    retention = wiring.open_retention(LineSettings(), RetentionSettings(), datetime.now(UTC), time.sleep)
    found = retention.plan() if asked.dry_run else retention.run()
    for each in found:
        print(f"{each.count:>10}  {each.what}{' would go' if asked.dry_run else ''}")


def _backup(asked: argparse.Namespace) -> None:
    manifest = wiring.open_vault(LineSettings()).backup(asked.folder, datetime.now(UTC), asked.despite_loss)
    print(f"{asked.folder}: schema {manifest.revision}, {len(manifest.artifacts)} artifacts")
    for uri in manifest.missing:
        print(f"    not in the store, though a row names it: {uri}")
    if manifest.missing:
        raise BackupIncomplete(f"{len(manifest.missing)} of them")


def _restore(asked: argparse.Namespace) -> None:
    manifest = wiring.open_vault(LineSettings()).restore(asked.folder)
    print(f"restored as of {manifest.taken_at:%Y-%m-%d %H:%M} UTC; next: python -m core migrate")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _print_audit(told: argparse.Namespace) -> None:
    ledger = wiring.open_ledger(LineSettings(), "audit")
    for entry in audit_entries(ledger.engine, AuditFilter(told.who, told.what, told.since), told.last):
        print(sentence(entry))
    ledger.close()


def _print_redis_users(told: argparse.Namespace) -> None:
    from core.adapters.live_board_users import read_line_of, user_lines

    print("\n".join(user_lines(map(read_line_of, told.files))))


def _print_settings(_: argparse.Namespace) -> None:
    for settings in _settings_classes():
        print(f"# {' '.join((settings.__doc__ or '').split())}")
        for name, field in settings.model_fields.items():
            print(f"{_variable(settings, name, field)}={_default(field)}")
            print(f"    {' '.join((field.description or '').split())}")
        print()


def _settings_classes() -> Iterator[type[BaseSettings]]:
    """Those in the settings.py of each station that has one."""
    for station in STATIONS:
        module = f"{station}.settings"
        if find_spec(module) is not None:
            values = vars(import_module(module)).values()
            yield from (value for value in values if _is_settings(value) and value.__module__ == module)


def _is_settings(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, BaseSettings)


def _variable(settings: type[BaseSettings], name: str, field: FieldInfo) -> str:
    if isinstance(field.validation_alias, str):
        return field.validation_alias
    return f"{settings.model_config.get('env_prefix', '')}{name}".upper()


def _default(field: FieldInfo) -> str:
    return "(must be set)" if field.is_required() else str(field.get_default(call_default_factory=True))


if __name__ == "__main__":
    sys.exit(main())
