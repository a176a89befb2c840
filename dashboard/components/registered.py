"""The components that run in the browser. Their markup, style and code are files beside this one, never data."""

from pathlib import Path

from streamlit.components.v2 import component

HERE = Path(__file__).parent


def _read(*names: str) -> str:
    return "\n".join((HERE / name).read_text(encoding="utf-8") for name in names)


def _style(name: str) -> str:
    return _read("tokens.css", f"{name}.css")


wall = component("line_wall", html=_read("wall.html"), css=_style("wall"), js=_read("picture.js", "wall.js"))
"""The Live page's tiles; data as `dashboard.views.live.wall_data` builds it."""

gallery = component(
    "line_gallery", html=_read("gallery.html"), css=_style("gallery"), js=_read("picture.js", "gallery.js")
)
"""Small tiles of parts; its state `selected` is the chosen part's id."""

health = component("line_health", html=_read("health.html"), css=_style("health"), js=_read("picture.js", "health.js"))
"""The Health page's tables; data as `dashboard.health.page_data.health_data` builds it."""

limits = component("line_limits", html=_read("limits.html"), css=_style("limits"), js=_read("picture.js", "limits.js"))
"""The histogram of scores with both limits; its state `limits` is what was dragged or typed."""

part = component(
    "line_part", html=_read("part.html"), css=_style("part"), js=_read("picture.js", "zoom.js", "story.js", "part.js")
)
"""One part, large, with its story."""

review = component(
    "line_review",
    html=_read("review.html"),
    css=_style("review"),
    js=_read("picture.js", "zoom.js", "story.js", "mask.js", "review.js"),
)
"""The Review page's part and its keys; its state `sent` holds the bookings that are not answered yet."""
