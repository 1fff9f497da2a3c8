"""The look of the explorer: the report's colours and type, as options of Streamlit and a little CSS."""

from __future__ import annotations

from typing import Any

__all__ = ["CSS", "map_colours", "options"]

SANS = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif'
SERIF = '"Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Book Antiqua", Georgia, serif'
MONO = 'ui-monospace, "SF Mono", "Cascadia Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'

_LIGHT = {
    "primaryColor": "#0f6a66",
    "backgroundColor": "#fbfaf6",
    "secondaryBackgroundColor": "#f1efe8",
    "textColor": "#20242a",
    "borderColor": "#dfdbd0",
    "linkColor": "#0f6a66",
    "redColor": "#b0442a",
    "redTextColor": "#93361f",
    "redBackgroundColor": "#f8e7e0",
    "greenColor": "#0f6a66",
    "greenTextColor": "#0f6a66",
    "greenBackgroundColor": "#e3efed",
    "yellowColor": "#8a6a12",
    "yellowTextColor": "#705508",
    "yellowBackgroundColor": "#f6eed6",
    "grayTextColor": "#5b616a",
    "grayBackgroundColor": "#edeae1",
}
_DARK = {
    "primaryColor": "#4fb3aa",
    "backgroundColor": "#15181c",
    "secondaryBackgroundColor": "#1d2126",
    "textColor": "#e7e5df",
    "borderColor": "#343a41",
    "linkColor": "#62c4bb",
    "redColor": "#f0906f",
    "redTextColor": "#f4a387",
    "redBackgroundColor": "#38231d",
    "greenColor": "#62c4bb",
    "greenTextColor": "#62c4bb",
    "greenBackgroundColor": "#1d302f",
    "yellowColor": "#d9b659",
    "yellowTextColor": "#d9b659",
    "yellowBackgroundColor": "#322b18",
    "grayTextColor": "#a9afb7",
    "grayBackgroundColor": "#262b31",
}
_BOTH = {
    "font": SANS,
    "headingFont": SERIF,
    "codeFont": MONO,
    "baseFontSize": 15,
    "baseRadius": "8px",
    "buttonRadius": "8px",
    "showWidgetBorder": True,
    "headingFontSizes": ["2rem", "1.5rem", "1.2rem", "1.05rem", "1rem", "0.95rem"],
    "headingFontWeights": [400, 400, 400, 600, 600, 600],
}


def options() -> dict[str, Any]:
    """The theme as options of Streamlit's configuration, by dotted name; the browser picks light or dark."""
    found: dict[str, Any] = {f"theme.{name}": value for name, value in _BOTH.items()}
    found |= {f"theme.light.{name}": value for name, value in _LIGHT.items()}
    return found | {f"theme.dark.{name}": value for name, value in _DARK.items()}


def map_colours(*, is_dark: bool) -> dict[str, str]:
    """Colours of the map's tiles by name."""
    if is_dark:
        return {
            "rated": "#2c5c58",
            "doubted": "#6d3d2d",
            "unrated": "#2a3036",
            "edge": "#15181c",
            "ink": "#e7e5df",
        }
    return {
        "rated": "#a9cfca",
        "doubted": "#e3b9a8",
        "unrated": "#e4e1d7",
        "edge": "#fbfaf6",
        "ink": "#20242a",
    }


CSS = """
[data-testid="stHeader"] { background: transparent; height: 0; min-height: 0; pointer-events: none; }
[data-testid="stHeader"] * { pointer-events: none; }
[data-testid="stMainMenu"], [data-testid="stMainMenu"] * { pointer-events: auto; }
[data-testid="stMainBlockContainer"] { padding: 1rem 2rem 3rem; max-width: 1500px; }
[data-testid="stToolbar"] { position: fixed; inset: 1.1rem .8rem auto auto; width: auto; height: auto;
  min-height: 0; padding: 0; }
[data-testid="stStatusWidget"] { position: fixed; inset: auto auto .6rem .8rem; } /* not over the name */
.st-key-header { border-bottom: 1px solid color-mix(in srgb, currentColor 14%, transparent);
  padding: 0 2.5rem .6rem 0; }
[data-testid="stCaptionContainer"], [data-testid="stCaptionContainer"] p { color: inherit; opacity: .86; }
[data-testid="stCaptionContainer"] p { opacity: 1; }
[data-testid^="stBaseButton-primary"]:not(:disabled) {
  background: #14726c; border-color: #14726c; color: #fff; }
.st-key-header h1 { font-size: 1.55rem; padding: 0; letter-spacing: -.01em; }
.st-key-header [data-testid="stPageLink-NavLink"] { padding: .25rem .7rem; }
.st-key-header [data-testid="stHeaderActionElements"] { display: none; }
[data-testid="stText"] { white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: isolate;
  font-family: inherit; }
.st-key-lobby, .st-key-alone, .st-key-guidelines, .st-key-end { margin-left: auto; margin-right: auto; }
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding: .75rem .9rem 2rem; }
  .st-key-header { padding-right: 1.6rem; gap: .3rem .1rem; }
  .st-key-header [data-testid="stPageLink-NavLink"] { padding: .2rem .45rem; }
  .st-key-header [data-testid="stPageLink-NavLink"] [data-testid="stIconMaterial"] { display: none; }
}
"""
