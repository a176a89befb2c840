"""The pages and how one gets from one to another. Streamlit runs this file for each viewer."""

import numpy as np
import streamlit as st
from PIL import Image

from core.errors import LineError
from dashboard import who
from dashboard.views import defects, health, live, login, models, review, thresholds, trends


def _icon() -> Image.Image:
    """A ring, drawn here: a named icon would be fetched from the internet by every browser."""
    rows, columns = np.mgrid[-32:32, -32:32]
    radius = np.hypot(rows + 0.5, columns + 0.5)
    ring = ((radius < 29) & (radius > 17)) | (radius < 7)
    pixels = np.where(ring[:, :, None], np.array([47, 125, 176, 255]), 0)
    return Image.fromarray(pixels.astype(np.uint8))


def main() -> None:
    """Choose the page by the address; a wall screen gets no navigation."""
    st.set_page_config(page_title="Line inspection", page_icon=_icon(), layout="wide")
    try:
        person = who.person()
    except LineError as error:
        login.page(error)
        return
    pages = [
        st.Page(live.page, title="Live", icon=":material/grid_view:", url_path="live", default=True),
        st.Page(review.page, title="Review", icon=":material/fact_check:", url_path="review"),
        st.Page(defects.page, title="Defects", icon=":material/report:", url_path="defects"),
        st.Page(trends.page, title="Trends", icon=":material/timeline:", url_path="trends"),
        st.Page(thresholds.page, title="Thresholds", icon=":material/tune:", url_path="thresholds"),
        st.Page(models.page, title="Models", icon=":material/model_training:", url_path="models"),
        st.Page(health.page, title="Health", icon=":material/monitor_heart:", url_path="health"),
    ]
    hidden = st.query_params.get("wall") == "1"
    chosen = st.navigation(pages, position="hidden" if hidden else "top")
    if who.settings().login_file:
        login.watch()
        if not hidden:
            login.bar(person)
    chosen.run()


main()
