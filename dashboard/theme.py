"""The colours, once: for Streamlit's own widgets, and through its CSS variables for every component of ours."""

from typing import Any

LIGHT = {
    "primaryColor": "#2F5D8A",
    "backgroundColor": "#FFFFFF",
    "secondaryBackgroundColor": "#F1F3F5",
    "textColor": "#1F2328",
    "borderColor": "#D5DADF",
    "greenColor": "#1B7F5C",
    "orangeColor": "#9A5B00",
    "redColor": "#C22F1C",
    "violetColor": "#6B4FA0",
    "grayColor": "#5B646D",
}
DARK = {
    "primaryColor": "#8DB8E0",
    "backgroundColor": "#14171A",
    "secondaryBackgroundColor": "#1E2327",
    "textColor": "#E6E8EA",
    "borderColor": "#333A41",
    "greenColor": "#4CC38A",
    "orangeColor": "#F0A93B",
    "redColor": "#FF7A66",
    "violetColor": "#B79CF0",
    "grayColor": "#9AA4AE",
}
SHARED = {"baseFontSize": 15, "baseRadius": "small", "showWidgetBorder": True}


def theme_options() -> dict[str, Any]:
    """Streamlit's options for both grounds; the viewer's system chooses between them."""
    shared = {f"theme.{name}": value for name, value in SHARED.items()}
    light = {f"theme.light.{name}": value for name, value in LIGHT.items()}
    dark = {f"theme.dark.{name}": value for name, value in DARK.items()}
    return shared | light | dark


def contrast(one: str, other: str) -> float:
    """The contrast of two #RRGGBB colours as WCAG defines it, from 1 to 21."""
    brighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
