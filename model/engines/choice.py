"""Which engine serves: chosen from what the machine has, and the reason said. Plain values, no torch."""

from dataclasses import dataclass

from core.errors import LineError

REFERENCE_LIBRARY = "torch"
BATCH = 8
"""Images a compiled graph takes at once. Beyond it a CPU gains nothing, and a lone part would wait for the padding."""


class EngineUnknown(LineError):
    """No such engine: `auto`, or a name that `python -m model benchmark --engine all` prints."""


class EngineUnavailable(LineError):
    """This engine cannot run here: take `auto`, or install what it needs."""


@dataclass(frozen=True, slots=True)
class EngineName:
    """What runs the network, on what, in which numbers; as text `inductor-cpu-float32`."""

    library: str
    device: str
    numbers: str

    def __post_init__(self) -> None:
        if (self.library, self.device, self.numbers) not in KNOWN:
            raise EngineUnknown("-".join((self.library, self.device, self.numbers)))

    def __str__(self) -> str:
        return f"{self.library}-{self.device}-{self.numbers}"

    @property
    def needs_compiling(self) -> bool:
        """It runs a graph that is made once and kept on disk."""
        return self.library != REFERENCE_LIBRARY

    @property
    def is_exact(self) -> bool:
        """It calculates in float32 throughout."""
        return self.numbers == "float32"


KNOWN = (
    ("torch", "cpu", "float32"),
    ("torch", "cpu", "bfloat16"),
    ("inductor", "cpu", "float32"),
    ("inductor", "cpu", "bfloat16"),
    ("openvino", "cpu", "float32"),
    ("openvino", "cpu", "bfloat16"),
    ("torch", "cuda", "float32"),
    ("torch", "cuda", "bfloat16"),
    ("inductor", "cuda", "bfloat16"),
)


def engine_named(text: str) -> EngineName:
    """The engine of this name.

    Raises:
        EngineUnknown: There is none.
    """
    parts = text.split("-")
    if len(parts) != 3:
        raise EngineUnknown(text)
    return EngineName(*parts)


def reference(device: str) -> EngineName:
    """The engine everything else is measured against: eager torch in float32."""
    return EngineName(REFERENCE_LIBRARY, device, "float32")


@dataclass(frozen=True, slots=True)
class Machine:
    """What a machine has that an engine may need.

    `bfloat16`: the processor multiplies it in hardware (AVX512-BF16, AMX or SVE); `compiler`: a C++ compiler is on the
    path; `capability` names the instruction set or the GPU, for which a kept graph is good.
    """

    bfloat16: bool
    compiler: bool
    openvino: bool
    cuda: bool
    capability: str


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine and why."""

    engine: EngineName
    reason: str


def chosen(machine: Machine, device: str, wanted: str = "auto") -> Choice:
    """The engine that serves best on this machine and device, or the one that is wanted by name.

    Raises:
        EngineUnknown: No engine has the wanted name.
        EngineUnavailable: The machine lacks what the wanted engine needs.
    """
    if wanted == "auto":
        return _best_on_gpu(machine) if device == "cuda" else _best_on_cpu(machine)
    name = engine_named(wanted)
    if lacking := what_lacks(name, machine, device):
        raise EngineUnavailable(f"{name}: {lacking}")
    return Choice(name, f"{name} because it was asked for by name")


def runnable(machine: Machine, device: str) -> list[EngineName]:
    """Every engine that can run here at the speed it is meant for, the reference first."""
    names = [EngineName(*parts) for parts in KNOWN]
    return [
        name
        for name in names
        if not what_lacks(name, machine, device) and (name.is_exact or _has_bfloat16(name, machine))
    ]


def what_lacks(name: EngineName, machine: Machine, device: str) -> str:
    """What this engine needs and the machine has not; empty where it can run."""
    if name.device != device:
        return f"the network is to run on {device}"
    if name.device == "cuda" and not machine.cuda:
        return "there is no CUDA GPU"
    if name.library == "openvino" and not machine.openvino:
        return "OpenVINO is not installed: the extra `openvino` brings it"
    if name.library == "inductor" and not machine.compiler:
        return "there is no C++ compiler on the path"
    return ""


def _has_bfloat16(name: EngineName, machine: Machine) -> bool:
    return name.device == "cuda" or machine.bfloat16


def _best_on_gpu(machine: Machine) -> Choice:
    if machine.compiler:
        return Choice(
            EngineName("inductor", "cuda", "bfloat16"), "a compiled bfloat16 graph: a GPU and a compiler are here"
        )
    return Choice(
        EngineName("torch", "cuda", "bfloat16"), "eager bfloat16 on the GPU: there is no C++ compiler for a graph"
    )


def _best_on_cpu(machine: Machine) -> Choice:
    """With bfloat16 a graph compiled by inductor is fastest, without it OpenVINO; the README has the figures."""
    if machine.bfloat16:
        return _best_in_bfloat16(machine)
    if machine.openvino:
        reason = f"OpenVINO in float32: it is installed, and {machine.capability} has no bfloat16"
        return Choice(EngineName("openvino", "cpu", "float32"), reason)
    if machine.compiler:
        reason = (
            f"a graph compiled in float32: a C++ compiler is here, OpenVINO and bfloat16 ({machine.capability}) are not"
        )
        return Choice(EngineName("inductor", "cpu", "float32"), reason)
    return Choice(reference("cpu"), "eager float32: neither OpenVINO nor a C++ compiler nor bfloat16 is here")


def _best_in_bfloat16(machine: Machine) -> Choice:
    has = f"{machine.capability} has bfloat16"
    if machine.compiler:
        return Choice(
            EngineName("inductor", "cpu", "bfloat16"), f"a graph compiled in bfloat16: {has}, a compiler is here"
        )
    if machine.openvino:
        return Choice(
            EngineName("openvino", "cpu", "bfloat16"), f"OpenVINO in bfloat16: {has}, there is no C++ compiler"
        )
    return Choice(
        EngineName("torch", "cpu", "bfloat16"), f"eager bfloat16: {has}, neither a compiler nor OpenVINO is here"
    )
