"""The command line of `python -m model`, and what its words mean as values."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from model.config import NetworkConfig, Normalisation, ScoreRule, TrainingConfig
from model.engines.kept import DEFAULT_GRAPHS
from model.framing import Framing, rule_for
from model.framing_choice import FramingChoice, overlap_of

DEFAULTS = TrainingConfig()
DEFAULT_ENCODER = "wide_resnet50_2"
ANY_NUMBER = sys.maxsize
GRAPHS_HELP = f"where graphs are kept: a worker looks in WORKER_CACHE/graphs; default {DEFAULT_GRAPHS}"
LAYOUT_HELP = "folder in the layout of MVTec AD or BTAD"
ENGINE_HELP = "`auto` for what suits this machine, or a name like openvino-cpu-float32"


def size(text: str) -> tuple[int, int]:
    """Height and width from `256x256`."""
    height, width = text.lower().split("x")
    return int(height), int(width)


def size_or_auto(text: str) -> tuple[int, int] | None:
    """As `size`; none for `auto`."""
    return None if text == "auto" else size(text)


def seeds(text: str) -> tuple[int, ...]:
    """Whole numbers from `1,2,3`."""
    return tuple(int(number) for number in text.split(","))


def triple(text: str) -> tuple[float, float, float]:
    """Three numbers from `0.5,0.5,0.5`, or one for all."""
    numbers = [float(number) for number in text.split(",")]
    red, green, blue = numbers * 3 if len(numbers) == 1 else numbers
    return red, green, blue


def at_least_one(text: str) -> int:
    """A whole number from 1."""
    if (number := int(text)) < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {number}")
    return number


def parser() -> argparse.ArgumentParser:
    """All verbs."""
    main = argparse.ArgumentParser(prog="python -m model", description="Train and try the inspection network.")
    verbs = main.add_subparsers(required=True, dest="verb")
    add_train(verbs.add_parser("train", help="good images in, bundle out"))
    score = verbs.add_parser("score", help="one map per image, and scores.csv")
    score.add_argument("--bundle", type=Path, required=True)
    score.add_argument("--images", type=Path, required=True)
    score.add_argument("--maps", type=Path, required=True, help="written here, at the images' relative paths")
    evaluate = verbs.add_parser("evaluate", help="the four metrics of A_p, A_nf and A")
    evaluate.add_argument("--bundle", type=Path, required=True)
    evaluate.add_argument("--data", type=Path, required=True, help=LAYOUT_HELP)
    benchmark = verbs.add_parser("benchmark", help="images per second, plain and fast")
    benchmark.add_argument("--encoder", default=DEFAULT_ENCODER)
    benchmark.add_argument("--input-size", type=size, default=(256, 256), metavar="HxW")
    add_ablate(verbs.add_parser("ablate", help="what each part of the method is worth: the paper's table"))
    add_benchmark_dataset(verbs.add_parser("benchmark-dataset", help="every product of MVTec AD or BTAD, resumable"))
    benchmark.add_argument("--pairs", type=at_least_one, default=5, help="paired runs, of which the median counts")
    benchmark.add_argument("--engine", default="auto", help=f"{ENGINE_HELP}, or `all` for a table")
    add_machine(add_compile(verbs.add_parser("compile", help="make and keep the graph of the engine that serves here")))
    for verb in (score, evaluate, benchmark):
        verb.add_argument("--batch", type=at_least_one, default=8)
        add_machine(verb)
    return main


def add_train(train: argparse.ArgumentParser) -> None:
    """Everything `train` understands."""
    train.add_argument("--images", type=Path, required=True, help="folder of good images")
    train.add_argument("--out", type=Path, required=True, help="folder of the bundle")
    train.add_argument("--warm-start", type=Path, help="bundle to go on from: its encoder, size and weights")
    add_recipe(train)


def add_recipe(train: argparse.ArgumentParser) -> None:
    """What decides a bundle besides its images."""
    train.add_argument(
        "--encoder",
        help=f"any convolutional timm backbone with strides 8, 16, 32; default: --warm-start's, else {DEFAULT_ENCODER}",
    )
    train.add_argument("--weights", default="hub", help="`hub`, `random`, or a safetensors file of this encoder")
    train.add_argument("--weights-mean", type=triple, metavar="R,G,B", help="default: the file's metadata, then timm's")
    train.add_argument("--weights-std", type=triple, metavar="R,G,B")
    train.add_argument("--textures", type=Path, help="folder of textures for defects; default: drawn by formula")
    train.add_argument(
        "--input-size",
        type=size_or_auto,
        metavar="HxW",
        help="every picture is scaled to this; default `auto`: chosen from the pictures' sizes",
    )
    train.add_argument("--tile", type=size, metavar="HxW", help="cut the --input-size into overlapping tiles of this")
    add_score_rule(train)
    train.add_argument("--reflect", action="store_true", help="pad convolutions by reflection")
    train.add_argument("--passes", type=float, help="image passes of stage 1")
    train.add_argument("--flow-passes", type=float, help="passes of stage 2 over all feature vectors")
    train.add_argument("--frozen-share", type=float, help="share of stage 1 in which only the decoder learns")
    train.add_argument("--defect-uses", type=float, help="how often a drawn defect is shown (the paper's N_s)")
    train.add_argument("--minutes", type=float, default=0.0, help="time budget; the result then depends on the machine")
    train.add_argument(
        "--budget", type=float, default=DEFAULTS.false_reject_budget, help="share of good parts rejected"
    )
    train.add_argument(
        "--review-budget", type=float, default=DEFAULTS.review_budget, help="share of good parts reviewed"
    )
    train.add_argument("--progress", type=Path, help="file that always holds the newest progress as one line of JSON")
    train.add_argument("--engine", default="auto", help=f"tried by the parity gate at the end: {ENGINE_HELP}")
    train.add_argument("--seed", type=int, default=DEFAULTS.seed)
    add_machine(train)


def add_score_rule(train: argparse.ArgumentParser) -> None:
    """How a map becomes a score. Defaults are meant of one tile, given values of the whole map."""
    rule = train.add_argument_group("score", "how a map becomes a score; shares are of the whole map")
    rule.add_argument("--smoothing", type=float, help="sigma of a Gaussian, as a share of the shorter side")
    rule.add_argument("--top-share", type=float, help="share of highest pixels averaged; 0: the maximum")
    rule.add_argument("--minimum-area", type=float, help="smaller bright spots are taken out; default 0: none")


def add_ablate(ablate: argparse.ArgumentParser) -> None:
    """One product."""
    ablate.add_argument("--data", type=Path, required=True, help=LAYOUT_HELP)
    ablate.add_argument("--out", type=Path, help="keep the method's bundle here; default: nothing is kept")
    add_variants(ablate)


def add_benchmark_dataset(benchmark: argparse.ArgumentParser) -> None:
    """Many products."""
    benchmark.add_argument("--data", type=Path, required=True, help="folder with a folder per product")
    benchmark.add_argument("--out", type=Path, default=Path(".line/benchmark-dataset"), help="results.jsonl lies here")
    benchmark.add_argument("--seeds", type=seeds, default=(), metavar="N,N", help="several runs each; default: --seed")
    add_variants(benchmark)


def add_variants(verb: argparse.ArgumentParser) -> None:
    """Everything about the recipe, and what an ablation may change in it."""
    add_recipe(verb)
    verb.set_defaults(warm_start=None, engine="")
    verb.add_argument("--only", choices=("A",), help="the method alone (A_p, A_nf, A): a third of the time")
    verb.add_argument("--w", type=float, help="a fixed w instead of the ones chosen on calibration images")
    verb.add_argument("--label", choices=("absolute", "signed"), default="absolute", help="form of the defects' labels")
    verb.add_argument("--no-object-mask", action="store_true", help="defects fall anywhere, on the ground too")


def add_compile(compile_graph: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Everything `compile` understands."""
    compile_graph.add_argument("--bundle", type=Path, required=True)
    compile_graph.add_argument("--engine", default="auto", help=ENGINE_HELP)
    compile_graph.add_argument("--graphs", "--cache", type=Path, default=DEFAULT_GRAPHS, help=GRAPHS_HELP)
    return compile_graph


def add_machine(verb: argparse.ArgumentParser) -> None:
    """What every verb understands."""
    verb.add_argument("--device", default="auto", help="auto, cpu or cuda")
    verb.add_argument(
        "--threads",
        type=at_least_one,
        default=0,
        help="of torch; default: one or one per core, whichever is faster now; for train, whose result they change, "
        "one per core",
    )


def completed(arguments: argparse.Namespace, earlier: NetworkConfig | None) -> argparse.Namespace:
    """What is not given is as in the bundle that training goes on from, or the default."""
    encoder = arguments.encoder or (earlier.encoder if earlier else DEFAULT_ENCODER)
    reflect = arguments.reflect or (earlier is not None and earlier.reflect)
    return argparse.Namespace(**vars(arguments) | {"encoder": encoder, "reflect": reflect})


def network_config(arguments: argparse.Namespace, framing: Framing, normalisation: Normalisation) -> NetworkConfig:
    """The network that `train` is asked for: a tile is its input."""
    return NetworkConfig(arguments.encoder, framing.tile_height, framing.tile_width, normalisation, arguments.reflect)


def asked_framing(arguments: argparse.Namespace) -> FramingChoice | None:
    """The framing that `train` is asked for; none where it is to be chosen from the pictures.

    Raises:
        ValueError: Tiles without an input size, or sides that cannot be.
    """
    if arguments.input_size is None:
        if arguments.tile is not None:
            raise ValueError("--tile cuts an --input-size: give both, or neither")
        return None
    height, width = arguments.input_size
    tile_height, tile_width = arguments.tile or arguments.input_size
    overlap = overlap_of(tile_height, tile_width) if arguments.tile else 0
    return FramingChoice(Framing(height, width, tile_height, tile_width, overlap), "as asked")


def score_rule(arguments: argparse.Namespace, framing: Framing) -> ScoreRule:
    """The rule that `train` is asked for: what is not given is the default, meant of one tile."""
    given = {name: getattr(arguments, name) for name in ("smoothing", "top_share", "minimum_area")}
    return replace(
        rule_for(framing, ScoreRule()), **{name: value for name, value in given.items() if value is not None}
    )


def training_config(arguments: argparse.Namespace) -> TrainingConfig:
    """The training that `train` is asked for. Passes asked for by number are made as asked, however few or many."""
    names = ("passes", "flow_passes", "frozen_share", "defect_uses")
    given = {name: value for name in names if (value := getattr(arguments, name)) is not None}
    bounds: dict[str, int] = {"fewest_steps": 1, "most_steps": ANY_NUMBER} if "passes" in given else {}
    if "flow_passes" in given:
        bounds |= {"fewest_flow_steps": 1, "most_flow_steps": ANY_NUMBER}
    return replace(
        DEFAULTS,
        **given,
        **bounds,
        seed=arguments.seed,
        minutes=arguments.minutes,
        false_reject_budget=arguments.budget,
        review_budget=max(arguments.review_budget, arguments.budget),  # in this order a NaN is refused, not dropped
    )


def given_normalisation(arguments: argparse.Namespace) -> Normalisation | None:
    """The normalisation named on the command line; none where it is not.

    Raises:
        ValueError: One half without the other.
    """
    if arguments.weights_mean is None and arguments.weights_std is None:
        return None
    if arguments.weights_mean is None or arguments.weights_std is None:
        raise ValueError("--weights-mean and --weights-std belong together: give both, or neither")
    return Normalisation(arguments.weights_mean, arguments.weights_std)
