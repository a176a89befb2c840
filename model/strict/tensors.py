"""Whether a bundle's tensors are numbers. Their names and shapes are compared where the network is filled with them."""

from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open

from core.errors import BundleRefused
from model.bundle import WEIGHTS_NAME


def check_tensors(folder: Path) -> None:
    """Look at one tensor after another; at most one is in memory.

    A score that is no number is caught for every picture, too, but then the previous model is gone already.

    Raises:
        BundleRefused: A tensor holds what is not a finite number, or the file is no safetensors file.
    """
    try:
        with safe_open(folder / WEIGHTS_NAME, "pt") as stored:
            for name in stored.keys():  # noqa: SIM118 - it is no dictionary
                values = stored.get_tensor(name)
                if values.is_complex() or not bool(torch.isfinite(values).all()):
                    raise BundleRefused(f"{WEIGHTS_NAME}: {name[:80]} holds what is not a number")
    except (SafetensorError, OSError) as error:
        raise BundleRefused(f"{WEIGHTS_NAME}: {str(error)[:200]}") from error
