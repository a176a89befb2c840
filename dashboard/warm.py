"""What the first viewer would otherwise wait for, done while the server starts."""

import gc
import importlib
from contextlib import suppress

from core.errors import LineError
from dashboard import read_models, wiring
from dashboard.trends.chart_rows import warm_drawings

LOADED_LATE = ("altair", "jsonschema", "pandas", "pyarrow", "streamlit.elements.vega_charts", "dashboard.story.wiring")
"""Streamlit and the pages load these when they are first needed: two seconds of a processor, before any picture."""


def warm() -> None:
    """Load what pages load late, draw the empty drawings, and connect to the servers; one that is away is passed over.

    What is there by then stays until the end. It is told to the garbage collector, which Streamlit calls after every
    run of a page: on a Live page once a second and viewer, and each time through all that was ever imported.
    """
    for name in LOADED_LATE:
        importlib.import_module(name)
    warm_drawings()
    with suppress(LineError):
        read_models.places(wiring.line().ledger.engine)
    gc.collect()
    gc.freeze()
