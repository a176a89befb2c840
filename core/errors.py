"""The few errors that cross a port. Each docstring is the message, and the message holds the remedy."""


class LineError(Exception):
    """Something the line knows how to name went wrong."""

    def __init__(self, detail: str = "") -> None:
        """Join the class's own message with what was seen this time."""
        promise = " ".join((self.__doc__ or "").split())
        super().__init__(f"{promise} ({detail})" if detail else promise)
        self.detail = detail


class EnvelopeRefused(LineError):
    """This bus record was not written by one of our cameras: its headers do not hold what a frame needs."""


class ContentMismatch(LineError):
    """The content is not what its header says (size or sha256): it was cut or changed on its way."""


class FrameTooLarge(LineError):
    """The frame is larger than the line carries (64 MiB): lower the camera's resolution or split the view."""


class ImageRefused(LineError):
    """The content is not an image this line accepts: send PNG, JPEG, BMP, TIFF or WebP within the pixel limit."""


class ImageTooLarge(ImageRefused):
    """The image has more pixels than this line decodes: lower the camera's resolution or raise the pixel limit."""


class BusUnavailable(LineError):
    """The frame bus does not answer: check KAFKA_BOOTSTRAP_SERVERS or DATABASE_URL; frames wait meanwhile."""


class BusForbidden(BusUnavailable):
    """The frame bus refuses this user this: `python -m core.kafka_user save NAME --role ROLE` grants."""


class LedgerUnavailable(LineError):
    """Postgres does not answer: check DATABASE_URL and that the server runs; frames wait on the bus meanwhile."""


class Fenced(LineError):
    """Another worker has already committed these frames: nothing was written; read again from the ledger."""


class NoOpenDay(LineError):
    """A frame's day has no partition: it must be filed as ERROR "clock" under the broker's time."""


class ArtifactMissing(LineError):
    """The artifact store says that this object does not exist."""


class ArtifactTooLarge(LineError):
    """This object is larger than what should lie there: it was not loaded; look at who may write to the store."""


class ArtifactsUnavailable(LineError):
    """The artifact store does not answer: check ARTIFACT_URL; frames wait on the bus meanwhile."""


class ArtifactsFull(ArtifactsUnavailable):
    """The artifact store has no room left: make room there, or run `python -m core retain`; frames wait meanwhile."""


class LedgerFull(LedgerUnavailable):
    """Postgres has no room left on its disk: make room there or run `python -m core retain`; frames wait meanwhile."""


class LedgerNotMigrated(LedgerUnavailable):
    """This database lacks tables of the line: correct DATABASE_URL, or make them; frames wait on the bus meanwhile."""


class ClocksDiffer(LineError):
    """This machine's clock and Postgres' are more than an hour apart: set the wrong one; nothing was removed."""


class HousekeepingRuns(LineError):
    """Another retention, backup or restore runs on this database: wait for its end, then say it again."""


class NotTheOwner(LineError):
    """Only the owner of the tables may drop days: run `python -m core retain` with the DATABASE_URL that migrates."""


class BackupRefused(LineError):
    """The backup is not whole, or cannot go where it should: nothing was changed; take another one or another place."""


class BackupIncomplete(LineError):
    """The backup holds all but the artifacts listed above, which the store has lost: look why, keep earlier backups."""


class ProgramMissing(LineError):
    """A program of PostgreSQL is not here: install its client package in the server's version (postgresql-client)."""


class BoardUnavailable(LineError):
    """The live board does not answer: pictures are late, verdicts are not affected; check REDIS_URL."""


class UnknownModel(LineError):
    """No such model version is registered: list them with `python -m retrain status`."""


class UnknownCamera(LineError):
    """No camera has this name: list them with `python -m ingest camera list`."""


class AccessDenied(LineError):
    """You do not have the role for this: nothing was changed; ask somebody who has it, or an engineer for the role."""


class NotLoggedIn(LineError):
    """You are not logged in: log in, then do it again; nothing was changed."""


class ReasonMissing(LineError):
    """Say why: the audit keeps the reason for whoever asks a year from now; nothing was changed."""


class UnknownPart(LineError):
    """There is no such part: its inspection was dropped by retention, or the link is not whole."""


class UnknownAlarm(LineError):
    """There is no such open alarm: somebody else has acknowledged it; look at the Live page again."""


class ReviewConflict(LineError):
    """Somebody else reviewed this part meanwhile: look at what they said, then say it again if you disagree."""


class CameraChanged(LineError):
    """The camera is not as it was when this change was begun: look at it again and repeat the change."""


class BundleRefused(LineError):
    """The bundle is not whole or not the one registered: train or copy it again; the running model stays."""


class SettingMissing(LineError):
    """A setting that has no default is not set: name it in the environment (see .env.example)."""


class SettingRefused(LineError):
    """A setting has a value this line cannot work with: correct it (see `make settings`)."""


class NightInterrupted(LineError):
    """The station was told to stop in the middle of a night: it, or another replica, begins that night again."""


class NightFailed(LineError):
    """A night's run ended without a verdict: the line is untouched; the run's log says what happened."""
