"""Who may do what on the broker: a user per camera and worker, each with the least that its work needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kafka import KafkaAdminClient
from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
    UserScramCredentialDeletion,
    UserScramCredentialUpsertion,
)
from kafka.errors import KafkaError

from core.adapters.kafka_access import KafkaAccess, client_options
from core.adapters.kafka_consumer import GROUP
from core.adapters.kafka_topics import translated
from core.errors import BusForbidden, SettingRefused
from core.frame import CAMERA_NAME
from core.wire import TOPIC, VERDICTS_TOPIC

SHORTEST_PASSWORD = 16
ITERATIONS = 8192


class KafkaRole(StrEnum):
    """What a user of the broker is for. What is not granted is refused."""

    CAMERA = "camera"
    WORKER = "worker"
    DASHBOARD = "dashboard"
    OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Grant:
    """One thing that a role may do."""

    operation: ACLOperation
    kind: ResourceType
    name: str


@dataclass(frozen=True, slots=True)
class Names:
    """What the grants are for; tests have topics of their own."""

    frames: str = TOPIC
    verdicts: str = VERDICTS_TOPIC
    group: str = GROUP


def grants_of(role: KafkaRole, names: Names) -> tuple[Grant, ...]:
    """A camera writes frames and reads nothing; a worker reads them and writes verdicts.

    A dashboard counts what waits, and the owner makes the topics.
    """
    frames, verdicts = (ResourceType.TOPIC, names.frames), (ResourceType.TOPIC, names.verdicts)
    operation = ACLOperation
    return {
        KafkaRole.CAMERA: (Grant(operation.WRITE, *frames),),
        KafkaRole.WORKER: (
            Grant(operation.READ, *frames),
            Grant(operation.READ, ResourceType.GROUP, names.group),
            Grant(operation.WRITE, *verdicts),
        ),
        KafkaRole.DASHBOARD: (Grant(operation.DESCRIBE, *frames),),
        KafkaRole.OWNER: tuple(
            Grant(one, *topic) for topic in (frames, verdicts) for one in (operation.CREATE, operation.DESCRIBE)
        ),
    }[role]


class KafkaUsers:
    """Makes and removes users; needs a login that may do so."""

    def __init__(self, access: KafkaAccess, names: Names = Names()) -> None:
        self._access = access
        self._names = names
        with translated(access):
            self._admin = KafkaAdminClient(**client_options(access))

    def save(self, name: str, role: KafkaRole, password: str) -> None:
        """Make the user, or give it another password and role: what it was granted before is taken away first.

        Raises:
            SettingRefused: No name or password for a user.
            BusUnavailable: The broker does not answer or does not let us.
        """
        check_user(name, password)
        self._take_away(name)
        credential = UserScramCredentialUpsertion(name, self._access.mechanism, password, iterations=ITERATIONS)
        self._alter(credential)
        self._grant(to_acl(name, grant) for grant in grants_of(role, self._names))

    def remove(self, name: str) -> None:
        """Nobody can log in by this name any more; whoever is logged in is refused from now on.

        Raises:
            BusUnavailable: The broker does not answer or does not let us.
        """
        self._take_away(name)
        self._alter(UserScramCredentialDeletion(name, self._access.mechanism))

    def close(self) -> None:
        """Let go."""
        self._admin.close()

    def _alter(self, alteration: UserScramCredentialUpsertion | UserScramCredentialDeletion) -> None:
        with translated(self._access):
            for message in self._admin.alter_user_scram_credentials([alteration]).values():
                if message is not None:
                    raise BusForbidden(str(message))

    def _grant(self, acls: Iterable[ACL]) -> None:
        with translated(self._access):
            failed: list[type[KafkaError]] = self._admin.create_acls(list(acls))["failed"]
        if failed:
            raise BusForbidden(", ".join(error.__name__ for error in failed))

    def _take_away(self, name: str) -> None:
        anything = ResourcePatternFilter(ResourceType.ANY, None, ACLResourcePatternType.ANY)
        of_user = ACLFilter(principal_of(name), None, ACLOperation.ANY, ACLPermissionType.ANY, anything)
        with translated(self._access):
            self._admin.delete_acls([of_user])


def to_acl(name: str, grant: Grant) -> ACL:
    """The grant as the broker wants it: from any host, under exactly this name."""
    resource = ResourcePattern(grant.kind, grant.name)
    return ACL(principal_of(name), "*", grant.operation, ACLPermissionType.ALLOW, resource)


def principal_of(name: str) -> str:
    """As the broker calls a user."""
    return f"User:{name}"


def check_user(name: str, password: str) -> None:
    """Nothing where both will do.

    Raises:
        SettingRefused: They will not; the password is not repeated.
    """
    if not CAMERA_NAME.fullmatch(name):
        raise SettingRefused(f"a user's name must match {CAMERA_NAME.pattern}, got {name[:80]!r}")
    if len(password) < SHORTEST_PASSWORD or not (password.isascii() and password.isprintable()):
        raise SettingRefused(f"a password needs {SHORTEST_PASSWORD} or more plain characters: `openssl rand -hex 32`")
