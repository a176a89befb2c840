"""All products of a dataset, one after the other, resumable: the columns of the paper's Tables 1, 2, 4, 5 and 6."""

import hashlib
import json
from argparse import Namespace
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from core.errors import LineError
from model.ablation_table import FIGURES, MAPS, Ablation
from model.code_version import code_version
from model.datasets import Dataset, read_dataset
from model.pace import Seconds
from model.result_lines import Result, ResultLines

RESULTS_NAME = "results.jsonl"
NOT_OF_THE_RUN = frozenset({"verb", "data", "out", "progress", "threads", "seed", "seeds"})
"""Words of the command line that say where things lie or how many, not what is done: they do not make it another."""
Judge = Callable[[Dataset, int], Ablation]
"""Trains and evaluates one product with one seed."""


@dataclass(frozen=True, slots=True)
class Refused:
    """A product that could not be judged, and why: the others go on."""

    product: str
    why: str


def configuration_of(arguments: Namespace, product: Path) -> str:
    """A hash over what the run does and what it sees: code, flags, and names and sizes of all files it reads."""
    words = {name: value for name, value in vars(arguments).items() if name not in NOT_OF_THE_RUN}
    seen = {name: listing(value) if is_place(name, value) else str(value) for name, value in words.items()}
    text = json.dumps([code_version(), seen, listing(product)], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def is_place(name: str, value: object) -> bool:
    """Whether a word of the command line names a file or a folder that the run reads."""
    return isinstance(value, Path) or (name == "weights" and Path(str(value)).exists())


def listing(place: object) -> list[tuple[str, int]]:
    """Names and sizes of a file, or of all files below a folder: the same data elsewhere lists the same."""
    root = Path(str(place))
    if root.is_file():
        return [(root.name, root.stat().st_size)]
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return [(path.relative_to(root).as_posix(), path.stat().st_size) for path in files]


def run_products(
    products: Sequence[Path], arguments: Namespace, results: ResultLines, judge: Judge, clock: Seconds
) -> Iterator[Result | Refused]:
    """The result of every product and seed, those of an earlier run of the same configuration first looked up."""
    for product in products:
        configuration = configuration_of(arguments, product)
        for seed in arguments.seeds or [arguments.seed]:
            key = {"product": product.name, "seed": seed, "configuration": configuration}
            known = [result for result in results.read() if key.items() <= result.items()]
            yield known[-1] if known else run_product(product, key, results, judge, clock)


def run_product(product: Path, key: Result, results: ResultLines, judge: Judge, clock: Seconds) -> Result | Refused:
    """Judge it and write its line."""
    began = clock()
    try:
        ablation = judge(read_dataset(product), key["seed"])
    except (LineError, ValueError) as error:
        return Refused(product.name, str(error))
    result = key | {"seconds": round(clock() - began, 1)} | ablation.values()
    results.append(result)
    return result


def table(results: Sequence[Result]) -> str:
    """Markdown: a line per product (the mean of its seeds) and their average, a column per map."""
    by_product: dict[str, list[Result]] = {}
    for result in results:
        by_product.setdefault(result["product"], []).append(result)
    means = {product: [mean_of(runs, name) for name in MAPS] for product, runs in by_product.items()}
    average = [mean_figures([cells[place] for cells in means.values()]) for place in range(len(MAPS))]
    lines = [line(product, cells) for product, cells in (means | {"**average**": average}).items()]
    title = "image AUROC / pixel AUROC / pixel AUPR / AUPRO, in per cent"
    return "\n".join([title, "", *heading(["product", *MAPS]), *lines])


def heading(titles: Sequence[str]) -> list[str]:
    """The first two lines of a Markdown table; figures stand to the right."""
    return ["| " + " | ".join(titles) + " |", "|---|" + "---:|" * (len(titles) - 1)]


def line(product: str, cells: Sequence[dict[str, float]]) -> str:
    """One row; a dash for a figure or a map that is not known."""
    return "| " + " | ".join([product, *map(cell, cells)]) + " |"


def cell(known: dict[str, float]) -> str:
    """The four figures of one map, or one dash."""
    if not known:
        return "-"
    return " / ".join(f"{known[name]:.2f}" if name in known else "-" for name in FIGURES)


def mean_of(runs: Sequence[Result], name: str) -> dict[str, float]:
    """A map's figures, the mean of these runs."""
    return mean_figures([run["maps"].get(name, {}) for run in runs])


def mean_figures(known: Sequence[dict[str, float]]) -> dict[str, float]:
    """The mean of every figure over those that have it."""
    found = {name: [one[name] for one in known if name in one] for name in FIGURES}
    return {name: fmean(values) for name, values in found.items() if values}
