"""Charts as the server draws them: where each stroke and word goes; `templates/charts.html` makes SVG of it.

    drawn = lines("Response time", [Series("p50", [(0, 120.0), (1, None), (2, 95.5)])], value=wording.milliseconds)
    {% import "charts.html" as charts %} {{ charts.chart(drawn) }}

`x` is percent of the width, so that a chart takes any width with its words at full size; `y` is pixels from the top.
What is not known is a gap, never a zero. Each chart holds its table, for those who read rather than look.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from model_lineup.panel import wording

HEIGHT = 180
HEADROOM = 14
GUTTER = 11
"""Percent of the width that bars leave for the words of the scale."""
MOST_LABELS = 6
MOST_DOTS = 60
Written = Callable[[float], str]
"""A value as people read it."""


class Series(NamedTuple):
    """One line, or one part of each bar. `points`: (x, y) in any order of magnitude; y is None where it is unknown."""

    name: str
    points: Sequence[tuple[float, float | None]]


class Label(NamedTuple):
    at: float
    text: str
    anchor: str = "middle"


class Stroke(NamedTuple):
    """Points of a line in a square of 1000 by `HEIGHT`, as SVG writes them."""

    colour: int
    points: str


class Dot(NamedTuple):
    colour: int
    x: float
    y: float
    text: str


class Bar(NamedTuple):
    colour: int
    x: float
    width: float
    y: float
    height: float
    text: str


class Chart(NamedTuple):
    """`about`: what it shows, in a sentence, for who cannot see it. `legend`: names of the series, in their colours."""

    title: str
    about: str
    legend: list[str]
    grid: list[Label]
    ticks: list[Label]
    strokes: list[Stroke]
    dots: list[Dot]
    bars: list[Bar]
    columns: list[str]
    rows: list[list[str]]
    height: int = HEIGHT

    @property
    def is_empty(self) -> bool:
        return not (self.strokes or self.dots or self.bars)


def lines(
    title: str,
    series: Sequence[Series],
    *,
    value: Written = wording.number,
    x_name: str = "",
    x: Written = wording.number,
    about: str = "",
    dots: bool = True,
) -> Chart:
    """Values over x, each series a line. `value` and `x` write the two; `x_name` heads the table's first column."""
    places = sorted({place for one in series for place, _ in one.points})
    scale = _Scale.over(height for one in series for _, height in one.points)
    spot = _across(places)
    return Chart(
        title=title,
        about=about or _about(series, value),
        legend=[one.name for one in series],
        grid=scale.grid(value),
        ticks=_ticks([(spot(place), x(place)) for place in places]),
        strokes=[
            Stroke(colour, " ".join(f"{spot(at) * 10:.1f},{scale.y(height):.1f}" for at, height in piece))
            for colour, one in enumerate(series)
            for piece in _pieces(one.points)
            if len(piece) > 1
        ],
        dots=[
            Dot(colour, spot(at), scale.y(height), f"{one.name}, {x(at)}: {value(height)}")
            for colour, one in enumerate(series)
            for piece in _pieces(one.points)
            for at, height in piece
            if len(piece) == 1 or (dots and len(places) <= MOST_DOTS)
        ],
        bars=[],
        columns=[x_name, *(one.name for one in series)],
        rows=_rows(places, series, x, value),
    )


def bars(
    title: str,
    names: Sequence[str],
    parts: Sequence[tuple[str, Sequence[float | None]]],
    *,
    value: Written = wording.number,
    x_name: str = "",
    about: str = "",
) -> Chart:
    """A bar for each name; several parts (name, one value per name of the axis) stand on each other."""
    series = [Series(name, list(enumerate(values))) for name, values in parts]
    heights = [sum(values[place] or 0 for _, values in parts) for place in range(len(names))]
    scale = _Scale.over(iter(heights))
    wide = (100 - GUTTER) / max(len(names), 1)
    drawn = [bar for place in range(len(names)) for bar in _stack(place, wide, names[place], parts, scale, value)]
    return Chart(
        title=title,
        about=about or _about(series, value),
        legend=[name for name, _ in parts],
        grid=scale.grid(value),
        ticks=_ticks([(GUTTER + (place + 0.5) * wide, name) for place, name in enumerate(names)], inside=True),
        strokes=[],
        dots=[],
        bars=drawn,
        columns=[x_name, *(name for name, _ in parts)],
        rows=_rows(list(range(len(names))), series, lambda place: names[int(place)], value),
    )


def cdf(title: str, samples: Sequence[tuple[str, Sequence[float]]], *, value: Written, x_name: str = "") -> Chart:
    """How many percent of the values are at or below each: (name, values) for each line. The table has ten steps."""
    greatest = max((max(values) for _, values in samples if values), default=0.0)
    axis = _Scale.over(iter((greatest,)))
    strokes = [Stroke(colour, _steps(values, axis.top)) for colour, (_, values) in enumerate(samples) if values]
    about = "; ".join(f"{name}: half within {value(_at(values, 50))}" for name, values in samples if values)
    return Chart(
        title=title,
        about=about or "Nothing was measured.",
        legend=[name for name, _ in samples],
        grid=[Label(_percent_y(percent), f"{percent} %") for percent in (0, 25, 50, 75, 100)],
        ticks=_ticks([(at / axis.top * 100, value(at)) for at in axis.marks]),
        strokes=strokes,
        dots=[],
        bars=[],
        columns=[x_name or "Share", *(name for name, _ in samples)],
        rows=[
            [f"{percent} %", *(value(_at(values, percent)) if values else wording.DASH for _, values in samples)]
            for percent in (0, 10, 25, 50, 75, 90, 100)
        ]
        if strokes
        else [],
    )


class _Scale(NamedTuple):
    """From 0 to the first round number that nothing exceeds."""

    top: float
    step: float

    @classmethod
    def over(cls, values: "Iterator[float | None]") -> "_Scale":
        greatest = max((one for one in values if one is not None), default=0.0) or 1.0
        rough = greatest / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * 0.999)
        return cls(step * math.ceil(greatest / step - 0.001), step)

    @property
    def marks(self) -> list[float]:
        return [self.step * number for number in range(round(self.top / self.step) + 1)]

    def y(self, value: float) -> float:
        return HEIGHT - (HEIGHT - HEADROOM) * min(value / self.top, 1.0)

    def grid(self, value: Written) -> list[Label]:
        return [Label(self.y(mark), value(mark)) for mark in self.marks]


def _across(places: Sequence[float]) -> Callable[[float], float]:
    """Percent of the width; a single place stands in the middle."""
    first, last = (places[0], places[-1]) if places else (0.0, 0.0)
    return lambda place: 50.0 if last == first else 2 + (place - first) / (last - first) * 96


def _ticks(places: Sequence[tuple[float, str]], *, inside: bool = False) -> list[Label]:
    """As many as have room; those at the ends do not stand out."""
    least = 100 / MOST_LABELS if len(places) > MOST_LABELS else 0
    chosen: list[tuple[float, str]] = []
    for at, text in places:
        if not chosen or at - chosen[-1][0] >= least:
            chosen.append((at, text))
    return [Label(at, text, "middle" if inside and at < 92 else _anchor(at)) for at, text in chosen]


def _anchor(at: float) -> str:
    return "start" if at < 8 else "end" if at > 92 else "middle"


def _pieces(points: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    """The stretches of a line without gaps."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for at, height in sorted(points, key=lambda point: point[0]):
        if height is None or not math.isfinite(height):
            pieces.append([])
        else:
            pieces[-1].append((at, height))
    return [piece for piece in pieces if piece]


def _stack(
    place: int,
    wide: float,
    name: str,
    parts: Sequence[tuple[str, Sequence[float | None]]],
    scale: _Scale,
    value: Written,
) -> Iterator[Bar]:
    base = 0.0
    for colour, (part, values) in enumerate(parts):
        height = values[place]
        if height is None or height <= 0:
            continue
        top, bottom = scale.y(base + height), scale.y(base)
        text = f"{name}, {part}: {value(height)}"
        gap = min(wide * 0.15, 1.5)
        yield Bar(colour, GUTTER + place * wide + gap, max(wide - 2 * gap, 0.1), top, max(bottom - top, 1.0), text)
        base += height


def _steps(values: Sequence[float], top: float) -> str:
    """The stairs of a distribution, at most 400 of them."""
    ranked = sorted(values)
    every = max(1, len(ranked) // 400)
    chosen = [*range(every - 1, len(ranked) - 1, every), len(ranked) - 1]
    points, height = [f"0.0,{HEIGHT:.1f}"], float(HEIGHT)
    for number in chosen:
        x, y = ranked[number] / top * 1000, _percent_y((number + 1) / len(ranked) * 100)
        points += [f"{x:.1f},{height:.1f}", f"{x:.1f},{y:.1f}"]
        height = y
    return " ".join([*points, f"1000.0,{height:.1f}"])


def _percent_y(percent: float) -> float:
    return HEIGHT - (HEIGHT - HEADROOM) * percent / 100


def _at(values: Sequence[float], percent: int) -> float:
    """Nearest rank, as reports have it."""
    ranked = sorted(values)
    return ranked[max(-(-percent * len(ranked) // 100), 1) - 1]


def _about(series: Sequence[Series], value: Written) -> str:
    parts = []
    for one in series:
        known = [height for _, height in one.points if height is not None]
        if known:
            parts.append(f"{one.name}: {value(min(known))} to {value(max(known))}, {len(known)} values")
    return "; ".join(parts) or "There are no values."


def _rows(places: Sequence[float], series: Sequence[Series], x: Written, value: Written) -> list[list[str]]:
    heights = [dict(one.points) for one in series]
    return [
        [x(place), *(wording.DASH if (known := one.get(place)) is None else value(known) for one in heights)]
        for place in places
    ]
