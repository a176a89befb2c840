"""What the figures of inspection beside training are made of."""

from core.verdict import Decision
from line.account import Row
from tests.benchmarks.beside_training import Found, percentile_ms, rate_of, summary


def row(number: int, judged_at_s: float, latency_s: float = 0.1) -> Row:
    return Row(("top", "0123456789ab", number), Decision.OK, latency_s, judged_at_s)


def test_pairs_are_compared_whichever_of_the_two_ran_first() -> None:
    """Medians, so that one disturbed pair decides nothing."""
    alone, beside, disturbed = Found(False, 100, 5, 10), Found(True, 95, 5, 15), Found(True, 10, 5, 900)
    found = summary([alone, beside, beside, alone, alone, disturbed])
    assert (found.pairs, found.lost, found.later) == (3, 0.05, 1.5)
    assert found.problems() == ()


def test_what_is_not_as_promised_is_said_with_its_number() -> None:
    """A tenth of the throughput, twice the p99."""
    said = summary([Found(False, 100, 5, 10), Found(True, 90, 5, 20)]).problems()
    assert [sentence.split(",")[0] for sentence in said] == [
        "training costs 10.0% of the throughput",
        "p99 beside training is 2.00 times its value alone",
    ]


def test_the_first_rows_do_not_count() -> None:
    """A worker that has just begun is slow."""
    rows = [row(number, 100.0 + number) for number in range(10)]
    rows += [row(10 + number, 120 + number / 10, 0.02) for number in range(41)]
    assert round(rate_of(rows), 3) == 10.0
    assert percentile_ms(rows, 0.99) == 20.0
