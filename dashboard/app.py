"""The pages and how one gets from one to another. Streamlit runs this file for each viewer."""

import streamlit as st

from dashboard.views import defects, live


def main() -> None:
    """Choose the page by the address; a wall screen gets no navigation."""
    st.set_page_config(page_title="Line inspection", page_icon=":material/visibility:", layout="wide")
    pages = [
        st.Page(live.page, title="Live", icon=":material/grid_view:", url_path="live", default=True),
        st.Page(defects.page, title="Defects", icon=":material/report:", url_path="defects"),
    ]
    hidden = st.query_params.get("wall") == "1"
    st.navigation(pages, position="hidden" if hidden else "top").run()


main()
