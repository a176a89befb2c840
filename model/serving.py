"""Which engine serves a bundle here: the chosen one where it is ready and passes the gate, else the reference.

The choice and every refusal are said in sentences.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from core.errors import LineError
from core.frame import Image
from model.bundle import bundle_sha256, load_bundle
from model.detector import NetworkDetector, chosen_device, filled_network
from model.engines.choice import Choice, EngineName, EngineUnavailable, Machine, chosen, reference
from model.engines.kept import GraphKey, forget_graph
from model.engines.machine import this_machine
from model.engines.opening import Subject, compiled, eager, key_of, ready_engine
from model.engines.port import Engine
from model.letter import Letter
from model.parity import ParityPictures, answers_of, compared, parity_pictures, reasons_to_refuse

ENGINE_ERRORS = (RuntimeError, ValueError, OSError)
"""What a graph that was made for something else may raise."""


@dataclass(frozen=True, slots=True, eq=False)
class Served:
    """A detector, the engine that will do better once its graph is compiled (empty: none), and the reasons for both."""

    detector: NetworkDetector
    awaits: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A bundle on this machine, its network not yet run by anything."""

    letter: Letter
    subject: Subject
    parity: ParityPictures | None
    sha256: str
    machine: Machine

    def key(self, engine: EngineName) -> GraphKey:
        """Under which this bundle's graph is kept."""
        return key_of(engine, self.sha256, self.machine)

    def detector(self, engine: Engine) -> NetworkDetector:
        """Run by this engine."""
        return NetworkDetector(self.letter, engine, self.subject.device)


def opened(folder: Path, device: str, expected_sha256: str = "") -> Opened:
    """Read and check a bundle.

    Raises:
        BundleRefused: The bundle is not whole, or not the one registered.
    """
    letter, tensors = load_bundle(folder, expected_sha256)
    place = chosen_device(device)
    subject = Subject(filled_network(letter.network, tensors).to(place), letter.network, place)
    return Opened(letter, subject, parity_pictures(tensors), expected_sha256 or bundle_sha256(folder), this_machine())


def serve(bundle: Opened, wanted: str, graphs: Path) -> Served:
    """The detector that serves now.

    Args:
        bundle: What is served.
        wanted: `auto` or an engine's name; one that cannot run here is told and not used.
        graphs: Where compiled graphs are kept.
    """
    device = bundle.subject.device.type
    choice, reasons = _choice(bundle.machine, device, wanted)
    if bundle.parity is None and choice.engine != reference(device):
        reasons += (f"{reference(device)} serves: this bundle carries no pictures for the parity gate",)
        return Served(bundle.detector(eager(reference(device), bundle.subject)), "", reasons)
    awaits = ""
    for name in candidates(choice, device):
        engine, doubts = _passing(name, bundle, graphs)
        reasons += doubts
        if engine is not None:
            return Served(bundle.detector(engine), awaits, reasons)
        if not doubts:
            awaits = str(name)
            reasons += (f"{name} waits for its graph to be compiled",)
    raise AssertionError("the reference engine always serves")


def candidates(choice: Choice, device: str) -> Iterator[EngineName]:
    """The chosen engine, the fastest that needs no compiling, the reference."""
    yield choice.engine
    eager_bfloat16 = EngineName("torch", device, "bfloat16")
    if choice.engine.needs_compiling and not choice.engine.is_exact:
        yield eager_bfloat16
    if choice.engine != reference(device):
        yield reference(device)


def _choice(machine: Machine, device: str, wanted: str) -> tuple[Choice, tuple[str, ...]]:
    try:
        choice = chosen(machine, device, wanted)
    except EngineUnavailable as error:
        return Choice(reference(device), ""), (str(error), f"{reference(device)} serves instead")
    return choice, (choice.reason,)


def _passing(name: EngineName, bundle: Opened, graphs: Path) -> tuple[Engine | None, tuple[str, ...]]:
    """The engine where it is ready and passes; otherwise none, with reasons unless it only waits for its graph."""
    if name == reference(bundle.subject.device.type):
        return eager(name, bundle.subject), ()
    if refused := refused_in_training(name, bundle.letter):
        return None, refused
    key = bundle.key(name)
    try:
        engine = ready_engine(name, bundle.subject, key, graphs)
        doubts = _doubts(engine, bundle) if engine is not None else ()
    except ENGINE_ERRORS as error:
        forget_graph(graphs, key)
        return None, (f"{name} fails: {type(error).__name__} {str(error)[:200]}",)
    return (None if doubts else engine), doubts


def refused_in_training(name: EngineName, letter: Letter) -> tuple[str, ...]:
    """Why the gate at the end of training refused this engine: it saw all calibration parts, a bundle carries some."""
    found = letter.parity
    if found is None or found.passed or found.engine != str(name):
        return ()
    return (f"{name} did not pass the gate over all {found.images} calibration parts", *reasons_to_refuse(found))


def _doubts(engine: Engine, bundle: Opened) -> tuple[str, ...]:
    if bundle.parity is None:
        return (f"{engine.name}: there are no pictures for the parity gate",)
    found = bundle.detector(engine).score([Image(pixels) for pixels in bundle.parity.pictures])
    return reasons_to_refuse(compared(bundle.parity.answers, answers_of(found), bundle.letter.threshold, engine.name))


class NothingToCompile(LineError):
    """This engine runs without a compiled graph: there is nothing to do."""


def compile_bundle(bundle: Opened, wanted: str, graphs: Path) -> tuple[Choice, Path]:
    """Make and keep the graph of the chosen engine, where it is not there yet.

    Raises:
        NothingToCompile: The engine needs none.
        EngineUnavailable: The machine lacks what the wanted engine needs.
    """
    choice = chosen(bundle.machine, bundle.subject.device.type, wanted)
    if not choice.engine.needs_compiling:
        raise NothingToCompile(choice.reason)
    return choice, compiled(graphs, bundle.key(choice.engine), bundle.subject)
