"""The verbs `ablate` and `benchmark-dataset`: words of the command line in, lines to print out."""

import time
from argparse import Namespace
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from core.errors import LineError
from model.ablation import AblationRule, Trial
from model.ablation import ablate as train_and_judge
from model.ablation_table import Ablation
from model.bundle import make_ready
from model.dataset_benchmark import RESULTS_NAME, Refused, run_products, table
from model.datasets import Dataset, products_below, read_dataset
from model.defects import DefectRule
from model.detector import chosen_device
from model.object_mask import MaskRule, choose_mask_rule
from model.pace import Progress
from model.recipe import GoodImages, Recipe
from model.result_lines import Result, ResultLines, written

Prepare = Callable[[Namespace, Path], tuple[Recipe, GoodImages]]
"""Makes the recipe of the command line and reads the good images in a folder."""
Show = Callable[[Generator[Progress, None, Ablation], Namespace], Ablation]
"""Runs a training to its end in front of whoever watches."""
Verb = Callable[[Namespace, Prepare, Show], Iterator[str]]


class ProductsRefused(LineError):
    """Some products could not be judged, and the table is of the others: mend them and run the same command again."""


def ablate(arguments: Namespace, prepare: Prepare, show: Show) -> Iterator[str]:
    """One product's table, then one JSON line."""
    if arguments.out is not None:
        make_ready(arguments.out)
    with kept_or_passing(arguments.out) as folder:
        ablation = ablated(read_dataset(arguments.data), arguments, prepare, show, folder)
    yield ablation.table()
    yield ablation.json_line()


def benchmark_dataset(arguments: Namespace, prepare: Prepare, show: Show) -> Iterator[str]:
    """A JSON line per product and seed as it is done, then the table.

    Raises:
        ProductsRefused: At the very end, where there was one.
    """
    products, lines = products_below(arguments.data), ResultLines(arguments.out / RESULTS_NAME)
    make_ready(arguments.out)
    judge = partial(judged, arguments=arguments, prepare=prepare, show=show)
    results, refused = list[Result](), list[Refused]()
    for run in run_products(products, arguments, lines, judge, time.monotonic):
        if isinstance(run, Refused):
            refused.append(run)
        else:
            results.append(run)
            yield written(run)
    if results:
        yield table(results)
    if refused:
        raise ProductsRefused("; ".join(f"{run.product}: {run.why}" for run in refused))


def judged(dataset: Dataset, seed: int, arguments: Namespace, prepare: Prepare, show: Show) -> Ablation:
    """One run of the benchmark; its bundle is not kept."""
    seeded = Namespace(**(vars(arguments) | {"seed": seed}))
    with kept_or_passing(None) as folder:
        return ablated(dataset, seeded, prepare, show, folder)


def ablated(dataset: Dataset, arguments: Namespace, prepare: Prepare, show: Show, folder: Path) -> Ablation:
    """Train and judge what the command line asks for."""
    recipe, images = prepare(arguments, dataset.good_folder)
    rule = AblationRule(arguments.only == "A", arguments.w)
    device = chosen_device(arguments.device)
    trial = Trial(images, dataset, changed(recipe, images, arguments), rule, device, time.monotonic)
    return show(train_and_judge(trial, folder), arguments)


def changed(recipe: Recipe, images: GoodImages, arguments: Namespace) -> Recipe:
    """The recipe with what the ablation changes in it; as it was where it changes nothing."""
    if not arguments.no_object_mask and arguments.label == "absolute":
        return recipe
    mask = MaskRule() if arguments.no_object_mask else choose_mask_rule(images.pictures)
    return replace(recipe, defects=DefectRule(mask=mask, signed_label=arguments.label == "signed"))


@contextmanager
def kept_or_passing(out: Path | None) -> Iterator[Path]:
    """The folder asked for, or one that is gone afterwards."""
    if out is not None:
        yield out
        return
    with TemporaryDirectory() as folder:
        yield Path(folder)
