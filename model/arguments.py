"""The command line of `python -m model`, and what its words mean as values."""

import argparse
from pathlib import Path

from model.config import NetworkConfig, Normalisation, TrainingConfig
from model.engines.kept import DEFAULT_GRAPHS

DEFAULTS = TrainingConfig()
ENGINE_HELP = "`auto` for what suits this machine, or a name like openvino-cpu-float32"


def size(text: str) -> tuple[int, int]:
    """Height and width from `256x256`."""
    height, width = text.lower().split("x")
    return int(height), int(width)


def triple(text: str) -> tuple[float, float, float]:
    """Three numbers from `0.5,0.5,0.5`, or one for all."""
    numbers = [float(number) for number in text.split(",")]
    red, green, blue = numbers * 3 if len(numbers) == 1 else numbers
    return red, green, blue


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
    evaluate.add_argument("--data", type=Path, required=True, help="folder in the layout of MVTec AD")
    benchmark = verbs.add_parser("benchmark", help="images per second, plain and fast")
    benchmark.add_argument("--encoder", default="wide_resnet50_2")
    benchmark.add_argument("--input-size", type=size, default=(256, 256), metavar="HxW")
    benchmark.add_argument("--pairs", type=int, default=5, help="paired runs, of which the median counts")
    benchmark.add_argument("--engine", default="auto", help=f"{ENGINE_HELP}, or `all` for a table")
    add_machine(add_compile(verbs.add_parser("compile", help="make and keep the graph of the engine that serves here")))
    for verb in (score, evaluate, benchmark):
        verb.add_argument("--batch", type=int, default=8)
        add_machine(verb)
    return main


def add_train(train: argparse.ArgumentParser) -> None:
    """Everything `train` understands."""
    train.add_argument("--images", type=Path, required=True, help="folder of good images")
    train.add_argument("--out", type=Path, required=True, help="folder of the bundle")
    train.add_argument("--encoder", default="wide_resnet50_2", help="any timm backbone with strides 8, 16, 32")
    train.add_argument("--weights", default="hub", help="`hub`, `random`, or a safetensors file of this encoder")
    train.add_argument("--weights-mean", type=triple, metavar="R,G,B", help="default: the file's metadata, then timm's")
    train.add_argument("--weights-std", type=triple, metavar="R,G,B")
    train.add_argument("--textures", type=Path, help="folder of textures for defects; default: drawn by formula")
    train.add_argument("--input-size", type=size, default=(256, 256), metavar="HxW")
    train.add_argument("--reflect", action="store_true", help="pad convolutions by reflection")
    train.add_argument("--passes", type=float, help="image passes of stage 1")
    train.add_argument("--flow-passes", type=float, help="passes of stage 2 over all feature vectors")
    train.add_argument("--minutes", type=float, default=0.0, help="time budget; the result then depends on the machine")
    train.add_argument(
        "--budget", type=float, default=DEFAULTS.false_reject_budget, help="share of good parts rejected"
    )
    train.add_argument(
        "--review-budget", type=float, default=DEFAULTS.review_budget, help="share of good parts reviewed"
    )
    train.add_argument("--warm-start", type=Path, help="bundle to go on from")
    train.add_argument("--progress", type=Path, help="file that always holds the newest progress as one line of JSON")
    train.add_argument("--engine", default="auto", help=f"tried by the parity gate at the end: {ENGINE_HELP}")
    train.add_argument("--seed", type=int, default=DEFAULTS.seed)
    add_machine(train)


def add_compile(compile_graph: argparse.ArgumentParser) -> argparse.ArgumentParser:
    """Everything `compile` understands."""
    compile_graph.add_argument("--bundle", type=Path, required=True)
    compile_graph.add_argument("--engine", default="auto", help=ENGINE_HELP)
    compile_graph.add_argument("--graphs", "--cache", type=Path, default=DEFAULT_GRAPHS, help="where graphs are kept")
    return compile_graph


def add_machine(verb: argparse.ArgumentParser) -> None:
    """What every verb understands."""
    verb.add_argument("--device", default="auto", help="auto, cpu or cuda")
    verb.add_argument(
        "--threads", type=int, default=0, help="of torch; default: one or one per core, whichever is faster now"
    )


def network_config(arguments: argparse.Namespace, normalisation: Normalisation) -> NetworkConfig:
    """The network that `train` is asked for."""
    height, width = arguments.input_size
    return NetworkConfig(arguments.encoder, height, width, normalisation, arguments.reflect)


def training_config(arguments: argparse.Namespace) -> TrainingConfig:
    """The training that `train` is asked for. Passes asked for by number are made as asked: no fewest steps then."""
    return TrainingConfig(
        seed=arguments.seed,
        passes=arguments.passes or DEFAULTS.passes,
        fewest_steps=1 if arguments.passes else DEFAULTS.fewest_steps,
        flow_passes=arguments.flow_passes or DEFAULTS.flow_passes,
        fewest_flow_steps=1 if arguments.flow_passes else DEFAULTS.fewest_flow_steps,
        minutes=arguments.minutes,
        false_reject_budget=arguments.budget,
        review_budget=max(arguments.budget, arguments.review_budget),
    )


def given_normalisation(arguments: argparse.Namespace) -> Normalisation | None:
    """The normalisation named on the command line; both halves or none."""
    if arguments.weights_mean is None or arguments.weights_std is None:
        return None
    return Normalisation(arguments.weights_mean, arguments.weights_std)
