"""What this machine has, as a value."""

import os
import platform
import re
import shlex
import shutil
from importlib.util import find_spec
from pathlib import Path

import torch

from model.engines.choice import Machine

CPU_FLAGS = Path("/proc/cpuinfo")
WITH_BFLOAT16 = frozenset({"avx512_bf16", "amx_bf16", "bf16"})
"""Linux's names for bfloat16 products in hardware, of x86 and of ARM."""


def this_machine() -> Machine:
    """Looked at now."""
    cuda = torch.cuda.is_available()
    return Machine(
        bfloat16=has_bfloat16(_cpu_text()),
        compiler=has_compiler(),
        openvino=find_spec("openvino") is not None,
        cuda=cuda,
        capability=capability(cuda),
    )


def has_compiler() -> bool:
    """Whether the C++ compiler is here that inductor calls: `CXX`, else g++. It never looks for another one."""
    words = shlex.split(os.environ.get("CXX", "g++"))
    return bool(words) and shutil.which(words[0]) is not None


def capability(cuda: bool) -> str:
    """The GPU's name and generation, or the processor's instruction set."""
    if cuda:
        major, minor = torch.cuda.get_device_capability()
        return f"{torch.cuda.get_device_name()} sm_{major}{minor}"
    amx = "+AMX" if "amx_tile" in flags_in(_cpu_text()) else ""
    return f"{platform.machine()} {torch.backends.cpu.get_cpu_capability()}{amx}"


def has_bfloat16(cpu_text: str) -> bool:
    """Whether the processor that Linux describes so multiplies bfloat16 in hardware."""
    return bool(flags_in(cpu_text) & WITH_BFLOAT16)


def flags_in(cpu_text: str) -> set[str]:
    """The first processor's flags."""
    found = re.search(r"^(?:flags|Features)\s*:(.*)$", cpu_text, re.MULTILINE)
    return set(found[1].split()) if found else set()


def _cpu_text() -> str:
    return CPU_FLAGS.read_text() if CPU_FLAGS.exists() else ""
