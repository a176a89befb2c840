"""`python -m core.kafka_user save NAME --role camera`: the broker's users.

It logs in as the settings say, as one who may make others. The new password is one line on standard input, so that
no command line and no history shows it.
"""

import argparse
import sys
from contextlib import closing

import structlog

from core.adapters.kafka_access import access_of
from core.adapters.kafka_users import KafkaRole, KafkaUsers
from core.adapters.log_lines import write_log_lines
from core.errors import LineError, SettingMissing
from core.settings import LineSettings

log = structlog.get_logger("core")


def main() -> int:
    """Make or remove a user."""
    parser = argparse.ArgumentParser(prog="python -m core.kafka_user", description=__doc__)
    verbs = parser.add_subparsers(required=True, metavar="VERB", dest="verb")
    save = verbs.add_parser("save", help="make it, or give it another password and role")
    save.add_argument("name", help="a camera's user is called like the camera, e.g. line1-top")
    save.add_argument("--role", required=True, choices=[role.value for role in KafkaRole])
    remove = verbs.add_parser("remove", help="nobody can log in by this name any more")
    remove.add_argument("name")
    told = parser.parse_args()
    settings = LineSettings()
    write_log_lines(settings.log_format, "core")
    try:
        change(told, settings)
    except LineError as error:
        print(f"core.kafka_user: {error}", file=sys.stderr)
        return 1
    return 0


def change(told: argparse.Namespace, settings: LineSettings) -> None:
    """Do what the command line says."""
    if not settings.kafka_bootstrap_servers:
        raise SettingMissing("KAFKA_BOOTSTRAP_SERVERS")
    with closing(KafkaUsers(access_of(settings))) as users:
        if told.verb == "remove":
            users.remove(told.name)
        else:
            users.save(told.name, KafkaRole(told.role), sys.stdin.readline().strip())
    log.info("kafka_user_changed", verb=told.verb, user=told.name, role=getattr(told, "role", ""))


if __name__ == "__main__":
    sys.exit(main())
