"""Figures that a reader moves: the results of runs, one frame for each setting.

A page computes every frame while the book is built, so that the browser needs no kernel
and no network; `book/_static/explorable.js` only shows the frame that the controls ask
for. It draws from numbers, since matplotlib's pictures, two themes of each frame, would
weigh a hundred times as much, and their text would shrink with a narrow screen.
"""

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from matplotlib.ticker import Locator, LogLocator, MaxNLocator

__all__ = ["Explorable", "Mark", "Panel", "bars", "dots", "image", "line"]

PLACES = 1000  # a panel is so many places wide and high; a screen shows no more
FAR = 3 * PLACES  # what lies farther outside only needs to point there
SHADES = 12  # of an image, for each sign


class Mark(NamedTuple):
    """Something drawn in a panel; made by `line`, `dots`, `bars` or `image`.

    Attributes:
        kind: `"line"`, `"dots"`, `"bars"` or `"image"`.
        x: Places along the axis; of an image, its two edges.
        y: Heights; of an image, its lower and its upper edge.
        color: A number as in matplotlib's `C0`, or `"grey"`.
        label: Its name in the legend; without one it is not there.
        style: What is special about its kind.
        pixels: What an image shows, between -1 and 1.
    """

    kind: str
    x: np.ndarray
    y: np.ndarray
    color: int | str = 0
    label: str = ""
    style: int = 0
    pixels: np.ndarray | None = None


def line(
    x: Any, y: Any, color: int | str = 0, label: str = "", *, dash: int = 0
) -> Mark:
    """Join points; `dash` 1 to 3 are dashed, dotted and both."""
    return Mark("line", np.ravel(x), np.ravel(y), color, label, dash)


def dots(
    x: Any, y: Any, color: int | str = 0, label: str = "", *, size: int = 3
) -> Mark:
    """Mark points by dots with a radius of `size` pixels."""
    return Mark("dots", np.ravel(x), np.ravel(y), color, label, size)


def bars(x: Any, y: Any, color: int | str = 0, label: str = "") -> Mark:
    """Raise a bar from the foot of the panel to each point."""
    return Mark("bars", np.ravel(x), np.ravel(y), color, label)


def image(pixels: Any, x: tuple[float, float], y: tuple[float, float]) -> Mark:
    """Show an array: blue above 0, orange below it, and no colour at 0."""
    return Mark("image", np.array(x), np.array(y), pixels=np.asarray(pixels, float))


@dataclass(frozen=True)
class Panel:
    """Axes, which stay as they are in all frames.

    Attributes:
        x: The ends of the horizontal axis.
        y: The ends of the vertical axis.
        xlabel: What lies along the horizontal axis.
        ylabel: What lies along the vertical axis.
        title: What the panel shows.
        scales: `"linear"` or `"log"`, for each of the two axes.
        ticks: Numbers and their names along the horizontal axis, instead of round ones;
            an empty mapping for axes without any, as around an image.
        aspect: How high it is, as a share of its width; a usual height without it.
        always: What is drawn in every frame, below the rest.
    """

    x: tuple[float, float]
    y: tuple[float, float]
    xlabel: str = ""
    ylabel: str = ""
    title: str = ""
    scales: tuple[str, str] = ("linear", "linear")
    ticks: Mapping[float, str] | None = None
    aspect: float | None = None
    always: Sequence[Mark] = ()

    def places(self, axis: int, values: Any) -> np.ndarray:
        """Compute where values lie on an axis, in thousandths of its length.

        >>> Panel(x=(0, 4), y=(1, 100), scales=("linear", "log")).places(1, [1, 10])
        array([  0, 500])
        """
        ends = (self.x, self.y)[axis]
        with np.errstate(all="ignore"):
            read = np.log10 if self.scales[axis] == "log" else np.asarray
            low, high = read(np.asarray(ends, float))
            share = (read(np.asarray(values, float)) - low) / (high - low)
        share = np.nan_to_num(PLACES * share, nan=FAR, posinf=FAR, neginf=-FAR)
        return share.clip(-FAR, FAR).round().astype(int)

    def draw(self, mark: Mark) -> dict[str, Any]:
        """Write a mark as the script reads it."""
        places = np.stack([self.places(0, mark.x), self.places(1, mark.y)], axis=1)
        written: dict[str, Any] = {"k": mark.kind, "p": places.ravel().tolist()}
        if mark.pixels is None:
            written |= {"c": mark.color, "s": mark.style}
        else:
            levels = (mark.pixels.clip(-1, 1) * SHADES).round().astype(int) + SHADES
            # One letter for each pixel, "a" for the lowest.
            letters = "".join(chr(ord("a") + level) for level in levels.ravel())
            written |= {"n": levels.shape[1], "v": letters}
        return written | ({"l": mark.label} if mark.label else {})

    def written(self) -> dict[str, Any]:
        """Write the panel as the script reads it."""
        along = self.ticks
        return {
            "title": self.title,
            "labels": [self.xlabel, self.ylabel],
            "aspect": self.aspect,
            "ticks": [
                self.round_ticks(0)
                if along is None
                else [[int(self.places(0, at)), name] for at, name in along.items()],
                [] if along == {} else self.round_ticks(1),
            ],
            "always": [self.draw(mark) for mark in self.always],
        }

    def round_ticks(self, axis: int) -> list[list[Any]]:
        """Choose round numbers on an axis, and write them out."""
        low, high = sorted((self.x, self.y)[axis])
        locators: list[Locator] = [MaxNLocator(5, steps=[1, 2, 5, 10])]
        if self.scales[axis] == "log":
            # Powers of ten, and numbers between them where there are too few.
            locators = [LogLocator(numticks=6), LogLocator(subs=(1, 2, 5), numticks=6)]
        for locator in locators:
            ticks = locator.tick_values(low, high)
            inside = [tick for tick in ticks if low <= tick <= high]
            if len(inside) > 2:
                break
        return [[int(self.places(axis, tick)), named(tick)] for tick in inside]


def named(number: float | str) -> str:
    """Write a number in the way a reader does, and leave a word as it is.

    >>> named(1e-4), named(0.25), named(200.0), named("ReLU")
    ('10⁻⁴', '0.25', '200', 'ReLU')
    """
    if isinstance(number, str):
        return number
    if number and (abs(number) < 1e-3 or abs(number) >= 1e6):
        digits, power = f"{number:.1e}".replace(".0e", "e").split("e")
        raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
        return f"10{raised}" if digits == "1" else f"{digits} · 10{raised}"
    spaced = f"{number:,.6g}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    return spaced.replace("-", "\N{MINUS SIGN}")


Frame = tuple[Sequence[Sequence[Mark]], str]


class Explorable:
    """A figure with controls, as the last value of a cell that hides its code.

    The page goes on with a closed `{dropdown}` of the class `explorable`, whose title
    asks for a prediction: there the figure is shown. Without scripts, on paper and in a
    notebook the dropdown has its sentences alone, and the page the figure above it.

    Args:
        controls: For each control what it is called, and its values in order: numbers
            for a slider, words for a menu.
        panels: The axes, one beside the other, or below it where there is no room.
        frame: Takes a value for each control, and returns the marks of each panel and a
            sentence that says what the frame shows.
        start: The value at which each control begins; the first one without it.

    Raises:
        ValueError: If a control would begin at none of its values.

    Example:
        >>> moved = Explorable(
        ...     {"steps": [0, 1, 2]},
        ...     [Panel(x=(0, 2), y=(0, 4))],
        ...     lambda steps: ([[dots(steps, steps**2)]], f"at {steps**2}"),
        ... )
        >>> [sentence for _, sentence in moved.frames]
        ['at 0', 'at 1', 'at 4']
    """

    def __init__(
        self,
        controls: Mapping[str, Sequence[Any]],
        panels: Sequence[Panel],
        frame: Callable[..., Frame],
        start: Sequence[Any] = (),
    ) -> None:
        self.controls = {name: list(values) for name, values in controls.items()}
        self.panels = list(panels)
        self.frames = [frame(*each) for each in itertools.product(*controls.values())]
        self.start = list(start) or [values[0] for values in self.controls.values()]
        for (name, values), begin in zip(
            self.controls.items(), self.start, strict=True
        ):
            if begin not in values:
                raise ValueError(
                    f"Explorable: expected a start among the values of {name!r}, "
                    f"{values}, got {begin!r}; begin with one of them"
                )

    def written(self) -> dict[str, Any]:
        """Write it as the script reads it: a frame for each combination, in order."""
        return {
            "controls": [
                {
                    "name": name,
                    "values": [named(value) for value in values],
                    "words": isinstance(values[0], str),
                    "start": values.index(start),
                }
                for (name, values), start in zip(
                    self.controls.items(), self.start, strict=True
                )
            ],
            "panels": [panel.written() for panel in self.panels],
            "frames": [
                [
                    [
                        [panel.draw(mark) for mark in marks]
                        for panel, marks in zip(self.panels, drawn, strict=True)
                    ],
                    sentence,
                ]
                for drawn, sentence in self.frames
            ],
        }

    def _repr_html_(self) -> str:
        """Hand the frames over to the script; a browser without it shows nothing."""
        text = json.dumps(self.written(), ensure_ascii=False, separators=(",", ":"))
        text = text.replace("<", "\\u003c")
        return f'<script type="application/json" class="explorable">{text}</script>'
