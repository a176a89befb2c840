"""`python -m model train | score | evaluate | compile | benchmark | ablate | benchmark-dataset`."""

import argparse
import json
import sys
import time
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import TypeVar

import torch
from tqdm import tqdm

from core.errors import LineError
from model.ablation_verbs import Verb, ablate, benchmark_dataset
from model.arguments import (
    asked_framing,
    completed,
    given_normalisation,
    network_config,
    parser,
    score_rule,
    training_config,
)
from model.benchmark import Speed, Trial, engines_to_try, measure
from model.bundle import make_ready, read_letter
from model.config import NetworkConfig
from model.datasets import read_dataset
from model.detector import chosen_device, load_detector
from model.encoder import Encoder, bare_backbone, open_encoder
from model.engines.choice import Choice, chosen
from model.engines.machine import this_machine
from model.evaluation import evaluate as evaluated
from model.framing import Framing
from model.framing_choice import FramingChoice, chosen_framing
from model.images import size_of
from model.letter import Letter
from model.pace import Progress
from model.progress_file import ProgressFile
from model.recipe import GoodImages, Recipe, good_image_paths, read_good_images, train_bundle
from model.scoring_folder import TABLE_NAME, paths_to_score, score_files, write_table
from model.serving import compile_bundle, opened
from model.textures import TextureSource, folder_textures, procedural_textures
from model.threads import fastest_thread_count

Trained = TypeVar("Trained")


def main() -> int:
    """Run one verb; 1 with one line of why where it cannot be done."""
    arguments = parser().parse_args()
    torch.set_num_threads(thread_count(arguments))
    try:
        VERBS[arguments.verb](arguments)
    except (LineError, ValueError, OSError) as error:
        print(f"{arguments.verb}: {error}", file=sys.stderr)
        return 1
    return 0


def thread_count(arguments: argparse.Namespace) -> int:
    """As asked; else what is fastest now. For training always the same: another number of threads learns others."""
    if arguments.threads or arguments.verb in TRAINING_VERBS:
        return arguments.threads or torch.get_num_threads()
    return fastest_thread_count(time.monotonic)


def train(arguments: argparse.Namespace) -> None:
    """Good images in, bundle out."""
    began = time.monotonic()
    make_ready(arguments.out)
    recipe, images = asked_for(arguments, arguments.images)
    device = chosen_device(arguments.device)
    print(chosen(this_machine(), device.type, arguments.engine).reason, file=sys.stderr)
    letter = shown(train_bundle(images, recipe, arguments.out, device, time.monotonic), arguments)
    for reason in letter.threshold_reasons:
        print(reason, file=sys.stderr)
    print(json.dumps(summary(letter) | {"seconds": round(time.monotonic() - began, 1)}))


def asked_for(arguments: argparse.Namespace, folder: Path) -> tuple[Recipe, GoodImages]:
    """The recipe of the command line, and the good images it is for."""
    torch.manual_seed(arguments.seed)
    earlier = read_letter(arguments.warm_start) if arguments.warm_start else None
    arguments = completed(arguments, earlier.network if earlier else None)
    encoder = encoder_for(arguments, earlier)
    framing = framing_for(arguments, folder)
    config, rule = network_config(arguments, framing, encoder.normalisation), score_rule(arguments, framing)
    textures, name = texture_source(arguments)
    made = (encoder, config, training_config(arguments), rule, textures, name, arguments.warm_start, framing)
    recipe = Recipe(*made, engine=arguments.engine)
    return recipe, read_good_images(folder, framing)


def encoder_for(arguments: argparse.Namespace, earlier: Letter | None) -> Encoder:
    """As asked; where an earlier bundle brings the weights, only its shape and what its weights came from."""
    normalisation = given_normalisation(arguments)
    if earlier is not None:
        backbone = bare_backbone(arguments.encoder, arguments.reflect)
        return Encoder(backbone, normalisation or earlier.network.normalisation, earlier.training.encoder_weights)
    encoder = open_encoder(arguments.encoder, arguments.weights, arguments.reflect, normalisation)
    if encoder.source == "random":
        print("the encoder starts from random weights, as asked: it learns from these images alone", file=sys.stderr)
    return encoder


def framing_for(arguments: argparse.Namespace, folder: Path) -> Framing:
    """How pictures are scaled and cut: as asked, as the earlier bundle does it, or by the pictures' sizes."""
    choice = asked_framing(arguments)
    if choice is None and arguments.warm_start is not None:
        choice = FramingChoice(read_letter(arguments.warm_start).framing, "as in the bundle it goes on from")
    if choice is None:
        choice = chosen_framing([size_of(path) for path in good_image_paths(folder)])
    print(f"input size (height x width) {choice.framing}: {choice.reason}", file=sys.stderr)
    return choice.framing


def texture_source(arguments: argparse.Namespace) -> tuple[TextureSource, str]:
    """Where textures come from, and its name."""
    if arguments.textures is None:
        return procedural_textures(arguments.seed), "procedural"
    return folder_textures(arguments.textures), arguments.textures.name


def shown(training: Generator[Progress, None, Trained], arguments: argparse.Namespace) -> Trained:
    """Run the training to its end, with a bar and a progress file."""
    file = ProgressFile(arguments.progress, time.monotonic)
    with tqdm(total=100.0, unit="%", bar_format="{desc} {percentage:3.0f}%|{bar}| {elapsed}<{remaining}") as bar:
        while True:
            try:
                progress = next(training)
            except StopIteration as end:
                file.write(Progress("trained", 1.0, 0.0))
                bar.update(100.0 - bar.n)
                trained: Trained = end.value
                return trained
            file.tell(progress)
            bar.set_description_str(
                f"{progress.stage}, loss {progress.loss:.3f}, pass {progress.passes:.1f}", refresh=False
            )
            bar.update(100 * progress.share - bar.n)


def summary(letter: Letter) -> dict[str, object]:
    """What was made, in one line."""
    return {
        "encoder": letter.network.encoder,
        "images": letter.training.images,
        "calibration_images": letter.training.calibration_images,
        "passes": letter.training.passes,
        "flow_passes": letter.training.flow_passes,
        "weight": letter.weight,
        "review_from": letter.threshold.review_from,
        "reject_from": letter.threshold.reject_from,
    }


def score(arguments: argparse.Namespace) -> None:
    """One map per image, and scores.csv."""
    paths = paths_to_score(arguments.images)
    detector = load_detector(arguments.bundle, arguments.device)
    places = (paths, arguments.images, arguments.maps)
    scored = score_files(detector, detector.letter.threshold, *places, arguments.batch)
    write_table(arguments.maps / TABLE_NAME, list(tqdm(scored, total=len(paths), unit="image")))


def evaluate(arguments: argparse.Namespace) -> None:
    """The four metrics of A_p, A_nf and A, as a table and one JSON line."""
    detector = load_detector(arguments.bundle, arguments.device)
    evaluation = evaluated(detector, read_dataset(arguments.data))
    print(evaluation.table())
    print(evaluation.json_line())


def benchmark(arguments: argparse.Namespace) -> None:
    """Images per second, plain and by an engine; one JSON line last."""
    height, width = arguments.input_size
    device, machine = chosen_device(arguments.device), this_machine()
    print(f"{arguments.encoder} {height}x{width}, {machine.capability}, {torch.get_num_threads()} threads")
    trial = Trial(NetworkConfig(arguments.encoder, height, width), arguments.batch, arguments.pairs, device)
    best = print_speeds(trial, engines_to_try(machine, device.type, arguments.engine))
    print(json.dumps(best.summary(trial)))


def print_speeds(trial: Trial, choices: list[Choice]) -> Speed:
    """Time these engines one after another, print each as it is done; returns the fastest."""
    speeds = []
    for choice in choices:
        print(choice.reason)
        speeds.append(measure(trial, choice.engine, time.monotonic))
        print(speeds[-1].line(), flush=True)
    return max(speeds, key=lambda speed: speed.ratio)


def compile_graph(arguments: argparse.Namespace) -> None:
    """The graph of the engine that serves a bundle here, made and kept; one JSON line."""
    began = time.monotonic()
    bundle = opened(arguments.bundle, arguments.device)
    choice, folder = compile_bundle(bundle, arguments.engine, arguments.graphs)
    print(choice.reason, file=sys.stderr)
    seconds = round(time.monotonic() - began, 1)
    print(json.dumps({"engine": str(choice.engine), "graph": str(folder), "seconds": seconds}))


def printed(verb: Verb, arguments: argparse.Namespace) -> None:
    """Run a verb that trains more than once; its lines as they come."""
    for line in verb(arguments, asked_for, shown):
        print(line, flush=True)


TRAINING_VERBS = ("train", "ablate", "benchmark-dataset")
VERBS: dict[str, Callable[[argparse.Namespace], None]] = {
    "train": train,
    "score": score,
    "evaluate": evaluate,
    "compile": compile_graph,
    "benchmark": benchmark,
    "ablate": partial(printed, ablate),
    "benchmark-dataset": partial(printed, benchmark_dataset),
}

if __name__ == "__main__":
    sys.exit(main())
