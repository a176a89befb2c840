"""What a worker measures stays small, whatever names come over the bus."""

from dataclasses import replace

from core.verdict import Decision
from tests.contracts.ledgers import frame, inspected
from worker.meters import CAMERA_LIMIT, NOBODY, Meters


def test_products_that_somebody_invents_share_one_series() -> None:
    """One camera's name with ever new products would be a series each, for the life of the worker."""
    meters, made = Meters(), inspected(frame(1), Decision.OK)
    for number in range(CAMERA_LIMIT + 50):
        meters.note([replace(made, frame=replace(made.frame, product=f"invented-{number}"))])
    products = {labels[1] for labels in meters.decisions}
    assert len(products) == CAMERA_LIMIT + 1
    assert NOBODY in products
