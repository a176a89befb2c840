"""What a member of Kafka's group does with an answer that reaches it between two polls."""

from functools import partial

from kafka import KafkaConsumer
from kafka.future import Future
from kafka.structs import MemberState


def keep_answers_between_polls(consumer: KafkaConsumer) -> None:
    """Let the next poll find what the broker answered to a request to join since the last one.

    kafka-python (3.0.12) throws that answer away and asks anew. Where the leader of the group does so, the broker has
    everybody join again; workers that judge between their polls can do that to each other without end, and their
    partitions stay with nobody.
    """
    coordinator = consumer._coordinator  # noqa: SLF001
    join = coordinator.join_group_async

    async def join_with_the_answer(timeout_ms: float | None = None) -> bool:
        asked: Future | None = coordinator._join_task  # noqa: SLF001
        if _is_answered(asked) and coordinator.state is MemberState.REBALANCING:
            # A finished task is asked again, one that is about to finish is awaited.
            coordinator._join_task = coordinator._manager.call_soon(partial(_answer, asked))  # noqa: SLF001
        joined: bool = await join(timeout_ms=timeout_ms)
        return joined

    coordinator.join_group_async = join_with_the_answer


def _is_answered(asked: Future | None) -> bool:
    return asked is not None and asked.is_done and asked.succeeded()


async def _answer(asked: Future) -> bytes:
    assignment: bytes = asked.value
    return assignment
