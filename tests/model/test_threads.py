"""The number of threads follows what the cores can give right now."""

from collections.abc import Iterator

import pytest
import torch

from model.threads import fastest_thread_count


@pytest.fixture
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("two_threads")
@pytest.mark.parametrize(("alone_s", "together_s", "chosen"), [(1.0, 0.6, 2), (1.0, 0.9, 1), (1.0, 9.0, 1)])
def test_more_threads_are_taken_only_where_they_clearly_help(alone_s: float, together_s: float, chosen: int) -> None:
    """The clock is read before and after each of the two probes."""
    readings = iter([0.0, alone_s, 10.0, 10.0 + together_s])
    assert fastest_thread_count(lambda: next(readings)) == chosen
