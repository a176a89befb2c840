"""Quality on real sets and speed on this machine: `python -m tests.benchmarks.quality`, resumable at any point.

Each run trains with the default recipe, scores the test images, and is judged by the independent `tools/evaluate.py`
beside the data where that is there, else by the project's own evaluation. A run is done once per code and flags. It has
one thread, and as many go at once as there are cores: that is done sooner than one after the other on all cores.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from model.code_version import code_version
from model.result_lines import Result, ResultLines, written
from tests.benchmarks.quality_table import newest_of, parts_table, quality_table, speed_table

ROOT = Path(__file__).parents[2]
SHARED = Path(os.environ.get("SHARED", ROOT / ".." / "shared"))
SETS = ("ballscrew", "cookie", "fabric_stain", "aliens")
ENCODERS = ("wide_resnet50_2", "mobilenetv2_100")
JUDGE_NAMES = {"img_auroc": "image_auroc", "pix_auroc": "pixel_auroc", "pix_aupr": "pixel_aupr", "aupro": "aupro"}
"""The independent judge's words for the four figures, and ours."""

Program = Callable[[Sequence[str]], Result]
"""Runs a Python program to its end and gives the object on its last line."""


class RunFailed(Exception):
    """A program of the benchmark ended with an error; what it said last stands below."""


@dataclass(frozen=True, slots=True)
class Bench:
    """Where everything lies, the flags of training, what runs programs and how many at once."""

    shared: Path
    out: Path
    flags: tuple[str, ...]
    run: Program
    jobs: int = 1

    @property
    def code(self) -> str:
        """A hash over the code and the flags; where the shared folder lies makes no difference."""
        return code_of([flag.replace(str(self.shared), "shared") for flag in self.flags])

    @property
    def quality(self) -> ResultLines:
        """A line per set and seed."""
        return ResultLines(self.out / "quality.jsonl")

    @property
    def speed(self) -> ResultLines:
        """A line per encoder."""
        return ResultLines(self.out / "speed.jsonl")


def code_of(flags: Sequence[str]) -> str:
    """A hash over the code and the flags: any change makes every run another."""
    return hashlib.sha256(json.dumps([code_version(), *flags]).encode()).hexdigest()[:12]


def default_flags(shared: Path) -> tuple[str, ...]:
    """How every set is trained: no set has flags of its own."""
    return (
        *("--encoder", "mobilenetv2_100", "--weights", str(shared / "weights" / "mobilenetv2_100_in1k.safetensors")),
        *("--weights-mean", "0.5", "--weights-std", "0.5", "--textures", str(shared / "data" / "textures")),
        # No other engine is tried: the quality is that of the reference, and compiling takes a minute each.
        *("--threads", "1", "--engine", "torch-cpu-float32"),
    )


def missing(results: ResultLines, wanted: Sequence[Result]) -> list[Result]:
    """The runs that have no whole line yet."""
    done = results.read()
    return [key for key in wanted if not any(key.items() <= result.items() for result in done)]


def quality_run(bench: Bench, key: Result) -> Result:
    """Train, score, judge one set with one seed."""
    print(f"running {written(key)}", file=sys.stderr, flush=True)
    data = bench.shared / "data" / key["set"]
    with tempfile.TemporaryDirectory(dir=bench.out) as folder:
        bundle, maps = Path(folder) / "bundle", Path(folder) / "maps"
        images = ("--images", str(data / "train" / "good"), "--out", str(bundle), "--seed", str(key["seed"]))
        trained = bench.run(("-m", "model", "train", *images, *bench.flags))
        own = bench.run(("-m", "model", "evaluate", "--bundle", str(bundle), "--data", str(data)))
        parts = {name: own[name] for name in ("A_p", "A_nf", "A")}
        judge, figures = judged(bench, data, bundle, maps)
        return key | {
            "train_s": trained["seconds"],
            "w": trained["weight"],
            "judge": judge,
            "judged": figures or parts["A"],
            "maps": parts,
        }


def judged(bench: Bench, data: Path, bundle: Path, maps: Path) -> tuple[str, dict[str, float]]:
    """Who judged, and the four figures of A; nothing where the independent judge is not there."""
    judge = bench.shared / "tools" / "evaluate.py"
    if not judge.exists():
        return "own evaluation", {}
    images = ("--images", str(data / "test"), "--maps", str(maps))
    bench.run(("-m", "model", "score", "--bundle", str(bundle), *images))
    said = bench.run((str(judge), str(data), str(maps)))
    return judge.name, {ours: said[theirs] for theirs, ours in JUDGE_NAMES.items() if theirs in said}


def run_missing(bench: Bench, sets: Sequence[str], seeds: Sequence[int], encoders: Sequence[str]) -> None:
    """Everything that is not done yet; a line is written as soon as its run is over. Speeds are measured alone."""
    bench.out.mkdir(parents=True, exist_ok=True)
    code = bench.code
    keys = missing(bench.quality, [{"set": name, "seed": seed, "code": code} for seed in seeds for name in sets])
    with ThreadPoolExecutor(bench.jobs) as several:
        for done in as_completed([several.submit(quality_run, bench, key) for key in keys]):
            bench.quality.append(done.result())
    for key in missing(bench.speed, [{"encoder": encoder, "code": code} for encoder in encoders]):
        print(f"running {written(key)}", file=sys.stderr, flush=True)
        bench.speed.append(bench.run(("-m", "model", "benchmark", "--encoder", key["encoder"], "--batch", "8")) | key)


def tables(bench: Bench) -> str:
    """All tables from what is there."""
    code = bench.code
    runs, speeds = newest_of(bench.quality.read(), code), newest_of(bench.speed.read(), code)
    judges = ", ".join(sorted({run["judge"] for run in runs})) or "nobody yet"
    titles = (
        f"Quality of A in per cent, mean ± standard deviation over seeds, judged by {judges}{said_of(runs, code)}:",
        f"Its parts, by the project's own evaluation{said_of(runs, code)}:",
        f"Speed{said_of(speeds, code)}:",
    )
    bodies = (quality_table(runs), parts_table(runs), speed_table(speeds))
    return "\n\n".join(text for pair in zip(titles, bodies, strict=True) for text in pair)


def said_of(results: Sequence[Result], code: str) -> str:
    """A warning where results belong to other code or flags than the present ones."""
    return f" (of OTHER code, {results[0]['code']})" if results and results[0]["code"] != code else ""


def program(words: Sequence[str]) -> Result:
    """In a process of its own, with this interpreter; what it says of its progress goes to the terminal."""
    done = subprocess.run([sys.executable, *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise RunFailed(f"{' '.join(words[:3])}: exit status {done.returncode}")
    lines = done.stdout.splitlines()
    found: Result = json.loads(lines[-1]) if lines else {}
    return found


def parser() -> argparse.ArgumentParser:
    """The command line; what follows `--` is given to `train`."""
    words = argparse.ArgumentParser(prog="python -m tests.benchmarks.quality", description=__doc__)
    words.add_argument("--shared", type=Path, default=SHARED, help="folder with data/ and weights/")
    words.add_argument("--out", type=Path, default=ROOT / ".line" / "bench", help="results lie here")
    words.add_argument("--sets", nargs="*", default=SETS)
    words.add_argument("--seeds", nargs="*", type=int, default=(1, 2, 3))
    words.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="runs at once")
    words.add_argument("--encoders", nargs="*", default=ENCODERS, help="of the speed table")
    words.add_argument("--table-only", action="store_true", help="print from existing results, run nothing")
    words.add_argument("train", nargs="*", help="more flags for `train`, after `--`")
    return words


def main() -> int:
    """Run what is missing, print the tables; 1 with one line of why where a run failed."""
    arguments = parser().parse_args()
    shared = arguments.shared.resolve()
    bench = Bench(shared, arguments.out.resolve(), (*default_flags(shared), *arguments.train), program, arguments.jobs)
    try:
        if not arguments.table_only:
            run_missing(bench, arguments.sets, arguments.seeds, arguments.encoders)
    except RunFailed as failure:
        print(f"stopped: {failure}; the same command goes on from here", file=sys.stderr)
        return 1
    finally:
        print(tables(bench))
    return 0


if __name__ == "__main__":
    sys.exit(main())
