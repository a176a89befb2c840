"""PostgresLedger: all that the line remembers, behind one pool of connections."""

from dataclasses import dataclass

from core.adapters.ledger_accepted import PostgresAccepted
from core.adapters.ledger_attempts import PostgresAttempts
from core.adapters.ledger_cameras import PostgresCameraDirectory
from core.adapters.ledger_drift import PostgresDrift
from core.adapters.ledger_gaps import PostgresGaps
from core.adapters.ledger_golden import PostgresGolden
from core.adapters.ledger_inspections import PostgresInspections
from core.adapters.ledger_learning import PostgresLearning
from core.adapters.ledger_leases import PostgresLeases
from core.adapters.ledger_models import PostgresModels
from core.adapters.ledger_nights import PostgresNights
from core.adapters.ledger_optics import PostgresOptics
from core.adapters.ledger_parts import PostgresParts
from core.adapters.ledger_reports import PostgresCameras, PostgresOutbox, PostgresTrainings, PostgresWorkers
from core.adapters.ledger_requests import PostgresRequests
from core.adapters.ledger_reviews import PostgresReviews
from core.adapters.ledger_rollups import PostgresRollups
from core.adapters.ledger_runs import PostgresRuns
from core.adapters.ledger_shadows import PostgresShadows
from core.adapters.ledger_shift import PostgresShift


@dataclass(frozen=True)
class PostgresLedger(
    PostgresInspections,
    PostgresParts,
    PostgresModels,
    PostgresCameras,
    PostgresWorkers,
    PostgresAttempts,
    PostgresCameraDirectory,
    PostgresOptics,
    PostgresTrainings,
    PostgresOutbox,
    PostgresLearning,
    PostgresNights,
    PostgresGaps,
    PostgresReviews,
    PostgresGolden,
    PostgresAccepted,
    PostgresShift,
    PostgresRequests,
    PostgresRollups,
    PostgresRuns,
    PostgresShadows,
    PostgresDrift,
    PostgresLeases,
):
    """Every port of the ledger, from InspectionLedger to LearningSource. Safe to share between threads."""

    def close(self) -> None:
        """Let go of every connection. Safe to call twice."""
        self.engine.dispose()
