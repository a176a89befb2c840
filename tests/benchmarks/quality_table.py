"""The quality and speed tables from results, as Markdown. Pure."""

from collections.abc import Iterable, Sequence
from statistics import fmean, stdev

from model.result_lines import Result

FIGURES = ("image_auroc", "pixel_auroc", "pixel_aupr", "aupro")
TITLES = ("image AUROC", "pixel AUROC", "pixel AUPR", "AUPRO")
MAPS = ("A_p", "A_nf", "A")
SPEEDS = ("plain_images_per_s", "images_per_s", "ratio")


def newest_of(results: Sequence[Result], code: str) -> list[Result]:
    """The results of this code; where it has none, those of the code that wrote the newest line."""
    codes = {result["code"] for result in results}
    if results and code not in codes:
        code = results[-1]["code"]
    return [result for result in results if result["code"] == code]


def quality_table(runs: Sequence[Result]) -> str:
    """A line per set: mean and standard deviation of A over the seeds, by the judge."""
    heading = table_row(["set", "seeds", "training, s", *TITLES])
    return "\n".join([heading, rule(7), *(quality_row(name, of_set(runs, name)) for name in names(runs))])


def quality_row(name: str, runs: Sequence[Result]) -> str:
    """One set."""
    seconds = spread([run["train_s"] for run in runs], digits=0)
    figures = (spread([run["judged"][figure] for run in runs if figure in run["judged"]]) for figure in FIGURES)
    return table_row([name, str(len(runs)), seconds, *figures])


def parts_table(runs: Sequence[Result]) -> str:
    """A line per set and map: what classifier, flows and both together achieve, by the project's own evaluation."""
    lines = [parts_row(name, part, of_set(runs, name)) for name in names(runs) for part in MAPS]
    return "\n".join([table_row(["set", "map", *TITLES]), rule(6), *lines])


def parts_row(name: str, part: str, runs: Sequence[Result]) -> str:
    """One map of one set."""
    known = [run["maps"][part] for run in runs]
    return table_row([name, part, *(spread([one[figure] for one in known if figure in one]) for figure in FIGURES)])


def speed_table(speeds: Sequence[Result]) -> str:
    """A line per encoder."""
    lines = [table_row([speed["encoder"], *(number(speed, name) for name in SPEEDS)]) for speed in speeds]
    return "\n".join([table_row(["encoder", "plain, images/s", "images/s", "times"]), rule(4), *lines])


def number(speed: Result, name: str) -> str:
    """One figure; a dash where the benchmark did not give it."""
    return f"{speed[name]:.1f}" if name in speed else "-"


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Mean and standard deviation; the mean alone of a single value, a dash for none."""
    if not values:
        return "-"
    mean = f"{fmean(values):.{digits}f}"
    return f"{mean} ± {stdev(values):.{digits}f}" if len(values) > 1 else mean


def names(runs: Iterable[Result]) -> list[str]:
    """The sets in the order in which they first appear."""
    return list(dict.fromkeys(run["set"] for run in runs))


def of_set(runs: Iterable[Result], name: str) -> list[Result]:
    """The newest run of each seed of one set."""
    return list({run["seed"]: run for run in runs if run["set"] == name}.values())


def table_row(cells: Sequence[str]) -> str:
    """One line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def rule(columns: int) -> str:
    """The line under the heading."""
    return "|---|" + "---:|" * (columns - 1)
