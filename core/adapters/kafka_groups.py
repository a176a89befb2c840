"""What the broker says of the workers' group: for drills that must strike while partitions change hands."""

from kafka import KafkaAdminClient

from core.adapters.kafka_access import Broker, client_options
from core.adapters.kafka_consumer import GROUP
from core.adapters.kafka_topics import translated

STABLE = "Stable"


class GroupWatch:
    """Looks at one group, again and again, over one connection."""

    def __init__(self, bootstrap: Broker, group: str = GROUP) -> None:
        self._group = group
        with translated():
            self._admin = KafkaAdminClient(**client_options(bootstrap))

    def state(self) -> str:
        """`Stable`, `PreparingRebalance`, `CompletingRebalance`, `Empty` or `Dead`.

        Raises:
            BusUnavailable: The broker does not answer.
        """
        with translated():
            return str(self._admin.describe_groups([self._group])[self._group]["group_state"])

    def close(self) -> None:
        """Let go."""
        self._admin.close()
