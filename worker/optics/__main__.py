"""`python -m worker.optics learn | show | set | off`: what each camera's pictures usually look like."""

import sys
from datetime import UTC, datetime

from core.adapters import wiring
from core.errors import LineError
from core.settings import LineSettings
from model.images import decode
from worker.optics import verbs


def main() -> int:
    """Run one verb; 1 where it was refused."""
    try:
        print(*verbs.run(sys.argv[1:], _open_desk), sep="\n")
    except LineError as error:
        print(f"worker.optics: {error}", file=sys.stderr)
        return 1
    return 0


def _open_desk() -> verbs.Desk:
    settings = LineSettings()
    ledger = wiring.open_ledger(settings, "optics")
    return verbs.Desk(ledger, wiring.open_artifacts(settings), decode, datetime.now(UTC))


if __name__ == "__main__":
    sys.exit(main())
