"""Colours for charts and table cells, read from the theme in use so that there is one place that defines them."""

from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of the theme that the browser shows."""

    primary: str
    text: str
    muted: str
    grid: str
    background: str
    gain: str
    loss: str
    warning: str
    series: tuple[str, ...]


def current_palette() -> Palette:
    """Return the colours of the theme in use; light until the browser has told."""
    mode = "dark" if st.context.theme.type == "dark" else "light"

    def color(name: str) -> str:
        return str(st.get_option(f"theme.{mode}.{name}"))

    return Palette(
        primary=color("primaryColor"),
        text=color("textColor"),
        muted=color("grayTextColor"),
        grid=color("borderColor"),
        background=color("backgroundColor"),
        gain=color("greenTextColor"),
        loss=color("redTextColor"),
        warning=color("orangeColor"),
        series=tuple(st.get_option(f"theme.{mode}.chartCategoricalColors") or ()),
    )
