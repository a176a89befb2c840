"""The accepted part that looks most like the one at hand, by the model's pooled features."""

import io
import zipfile
from collections.abc import Sequence

import numpy as np

from core.errors import ImageRefused
from core.review import AcceptedPart, PartKey


def features_of_npz(content: bytes) -> tuple[float, ...]:
    """The pooled features that the worker kept beside the maps.

    Raises:
        ImageRefused: It is not what a worker writes.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as kept:
            return tuple(float(value) for value in np.asarray(kept["features"]).reshape(-1))
    except (KeyError, ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ImageRefused("the kept maps cannot be read") from error


def nearest(
    features: Sequence[float], accepted: Sequence[AcceptedPart], other_than: PartKey | None = None
) -> AcceptedPart | None:
    """The accepted part whose features are nearest, each weighed by how much it varies among them.

    Parts of other feature lengths (another network's) are left out; None where nothing is left.
    """
    alike = [each for each in accepted if len(each.features) == len(features) and each.part != other_than]
    if not alike:
        return None
    known_NF = np.array([each.features for each in alike], np.float64)  # noqa: N806
    spread_F = known_NF.std(axis=0) + 1e-9 + 0.01 * np.abs(known_NF).mean()  # noqa: N806
    distances_N = (((known_NF - np.array(features)) / spread_F) ** 2).sum(axis=1)  # noqa: N806
    return alike[int(distances_N.argmin())]
