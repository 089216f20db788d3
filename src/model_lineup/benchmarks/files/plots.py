"""Plots as SVG text: lines and dots over two axes. Pure; no script, no style sheet but the page's classes."""

import math
from collections.abc import Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT = 640, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 12, 12, 36
_TICKS = 5
MOST_DOTS = 2_000


class Line(NamedTuple):
    """Points (x, y) in any order; `dots` draws them without a line between."""

    name: str
    points: Sequence[tuple[float, float]]
    dots: bool = False


class Span(NamedTuple):
    """A label with a value and its interval, for `spans`."""

    name: str
    value: float
    low: float
    high: float


def plot(title: str, lines: Sequence[Line], *, x: str, y: str) -> str:
    """A figure with its legend; an empty one says that there is nothing."""
    drawn = [Line(one.name, _finite(one.points), one.dots) for one in lines]
    points = [point for one in drawn for point in one.points]
    if not points:
        return _figure(title, [], '<p class="none">Nothing was measured.</p>')
    across = _Axis.over([point[0] for point in points], _LEFT, WIDTH - _RIGHT)
    up = _Axis.over([0.0, *(point[1] for point in points)], HEIGHT - _BOTTOM, _TOP)
    parts = [_frame(across, up, x, y)]
    for number, one in enumerate(drawn):
        parts.append(_dots(one, number, across, up) if one.dots else _stroke(one, number, across, up))
    return _figure(title, [one.name for one in drawn], _svg(title, "".join(parts), HEIGHT))


def spans(title: str, found: Sequence[Span], *, x: str) -> str:
    """Ratios with their intervals, one below the other, round a line at 1."""
    if not found:
        return ""
    height = 30 * len(found) + _TOP + _BOTTOM
    across = _Axis.over([1.0, *(edge for one in found for edge in (one.low, one.high))], 220, WIDTH - _RIGHT)
    parts = [_ticks_across(across, height, x)]
    parts.append(f'<line class="one" x1="{across.at(1):.1f}" x2="{across.at(1):.1f}" y1="0" y2="{height - _BOTTOM}"/>')
    for number, one in enumerate(found):
        at = _TOP + 30 * number + 12
        parts.append(
            f'<text x="0" y="{at + 4}">{escape(one.name)}</text>'
            f'<line class="span" x1="{across.at(one.low):.1f}" x2="{across.at(one.high):.1f}" y1="{at}" y2="{at}"/>'
            f'<circle class="dot c0" r="5" cx="{across.at(one.value):.1f}" cy="{at}"/>'
        )
    return _figure(title, [], _svg(title, "".join(parts), height))


def shares(values: Sequence[float]) -> list[tuple[float, float]]:
    """The steps of a distribution: how many percent are at most so large."""
    ranked = sorted(values)
    every = max(1, len(ranked) // 500)
    found = [(value, 100 * (place + 1) / len(ranked)) for place, value in enumerate(ranked)]
    return found[::every] + ([found[-1]] if (len(found) - 1) % every else []) if found else []


class _Axis(NamedTuple):
    low: float
    high: float
    begin: float
    end: float

    @classmethod
    def over(cls, values: Sequence[float], begin: float, end: float) -> "_Axis":
        low, high = min(values), max(values)
        return cls(low, high if high > low else low + 1, begin, end)

    def at(self, value: float) -> float:
        return self.begin + (value - self.low) / (self.high - self.low) * (self.end - self.begin)

    def ticks(self) -> list[float]:
        """Round values, at most six."""
        rough = (self.high - self.low) / _TICKS
        size = 10 ** math.floor(math.log10(rough))
        step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
        first = math.ceil(self.low / step)
        return [step * number for number in range(first, math.floor(self.high / step + 1e-9) + 1)]


def _finite(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    return sorted(point for point in points if math.isfinite(point[0]) and math.isfinite(point[1]))


def _frame(across: _Axis, up: _Axis, x: str, y: str) -> str:
    parts = [_ticks_across(across, HEIGHT, x)]
    for value in up.ticks():
        at = up.at(value)
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text class="end" x="{_LEFT - 6}" y="{at + 4:.1f}">{value:g}</text>'
        )
    parts.append(f'<text class="name" x="{_LEFT}" y="{_TOP - 1}">{escape(y)}</text>')
    return "".join(parts)


def _ticks_across(across: _Axis, height: int, name: str) -> str:
    ticks = "".join(
        f'<text class="middle" x="{across.at(value):.1f}" y="{height - 18}">{value:g}</text>'
        for value in across.ticks()
    )
    return f'{ticks}<text class="end name" x="{WIDTH - _RIGHT}" y="{height - 3}">{escape(name)}</text>'


def _stroke(line: Line, number: int, across: _Axis, up: _Axis) -> str:
    points = " ".join(f"{across.at(x):.1f},{up.at(y):.1f}" for x, y in line.points)
    marks = _dots(line, number, across, up) if len(line.points) <= 20 else ""
    return f'<polyline class="line c{number % 6}" points="{points}"/>{marks}'


def _dots(line: Line, number: int, across: _Axis, up: _Axis) -> str:
    every = max(1, len(line.points) // MOST_DOTS)
    return "".join(
        f'<circle class="dot c{number % 6}" r="2.5" cx="{across.at(x):.1f}" cy="{up.at(y):.1f}"/>'
        for x, y in line.points[::every]
    )


def _svg(title: str, inner: str, height: int) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">{inner}</svg>'


def _figure(title: str, names: Sequence[str], inner: str) -> str:
    keys = "".join(f'<span class="key c{number % 6}">{escape(name)}</span>' for number, name in enumerate(names))
    return f"<figure><figcaption>{escape(title)}{keys}</figcaption>{inner}</figure>"
