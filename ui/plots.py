"""Plots as inline SVG: colours come from the page's CSS, so they follow its light and dark."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from learning.calibration import ReliabilityBin
from learning.scores import Interval
from ui.wording import clean, count, decimals, percent, shortened

__all__ = [
    "Axis",
    "Mark",
    "curve_plot",
    "evidence_plot",
    "interval_bar",
    "reliability_plot",
    "share_bar",
]

WIDTH, HEIGHT = 440, 330
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 14, 42
LETTER = 6.5  # mean width of a letter of a label in the widest common font, in units of the drawing
TALL = 14  # height of a label with room around it
LABELS = 7
LABEL_LETTERS = 32
MOST_MARKS = 2_000


def linear(value: float) -> float:
    """The value itself."""
    return value


def root(value: float) -> float:
    """Square root, so that few and many nats both show; below 0 it is 0."""
    return math.sqrt(max(value, 0.0))


@dataclass(frozen=True, slots=True)
class Axis:
    """Values to places on the drawing.

    Attributes:
        high: The value at the end; 0 is at the start.
        start: Place of 0.
        end: Place of ``high``.
        scale: Applied to values first.
    """

    high: float
    start: float
    end: float
    scale: Callable[[float], float] = linear

    def at(self, value: float) -> float:
        """The place of a value, kept on the axis."""
        share = self.scale(value) / self.scale(self.high)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)

    def ticks(self, most: int = 5) -> list[float]:
        """Round values from 0 to the end of the axis, evenly spread as they are drawn."""
        if self.scale is root:
            steps = [m * 10.0**e for e in range(-2, 6) for m in (1, 2, 5)]
            kept, last = [0.0], self.start
            for value in (s for s in steps if s <= self.high):
                if abs(self.at(value) - last) >= abs(self.end - self.start) / (most + 3):
                    kept, last = [*kept, value], self.at(value)
            return kept
        step = next(
            m * 10.0**e for e in range(-4, 7) for m in (1, 2, 2.5, 5) if self.high <= m * 10.0**e * most
        )
        return [round(step * k, 10) for k in range(int(self.high / step + 1e-9) + 1)]


@dataclass(frozen=True, slots=True)
class Mark:
    """One statement on the evidence plot.

    Attributes:
        plausibility: In [0, 1].
        spread: One standard deviation of it.
        nats: What it earns on D.
        text: What it says, untrusted.
        is_alarm: It earns much and is not believed.
    """

    plausibility: float
    spread: float
    nats: float
    text: str
    is_alarm: bool


def svg(parts: Iterable[str], about: str, width: float = WIDTH, height: float = HEIGHT) -> str:
    """A drawing with its description."""
    head = f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(about)}">'
    return head + "".join(parts) + "</svg>"


def line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    """A straight line of a CSS class."""
    return f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def dot(x: float, y: float, size: float, kind: str, about: str) -> str:
    """A dot that says what it is when pointed at."""
    place = f'cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}"'
    return f'<circle class="{kind}" {place}><title>{escape(clean(about))}</title></circle>'


def words(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    """Text, escaped."""
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(clean(text))}</text>'


def frame(
    x: Axis, y: Axis, titles: tuple[str, str], write: tuple[Callable[[float], str], Callable[[float], str]]
) -> list[str]:
    """Grid, ticks and titles; the vertical title stands above the axis, where it can be read."""
    parts = []
    for value in y.ticks():
        parts.append(line(x.start, y.at(value), x.end, y.at(value), "grid"))
        parts.append(words(x.start - 8, y.at(value) + 4, write[1](value), "tick", "end"))
    parts += [words(x.at(value), y.start + 18, write[0](value), "tick", "middle") for value in x.ticks()]
    parts.append(line(x.start, y.start, x.end, y.start, "axis"))
    parts.append(words(x.end, y.start + 35, titles[0], "title", "end"))
    parts.append(words(4, 10, titles[1], "title"))
    return parts


def evidence_plot(marks: Sequence[Mark], alarm: tuple[float, float]) -> str:
    """Nats on D against plausibility, a dot per statement; the corner of spurious alarms is shaded.

    Args:
        marks: Statements; beyond ``MOST_MARKS`` those that earn least are left out.
        alarm: Plausibility below which, and nats from which on, a statement raises the alarm.
    """
    shown = sorted(marks, key=lambda m: -m.nats)[:MOST_MARKS]
    x = Axis(1.0, LEFT, WIDTH - RIGHT)
    high = max([10.0, *(m.nats for m in shown)]) * 1.4  # room for the words in the corner
    y = Axis(high, HEIGHT - BOTTOM, TOP + 14, root)
    corner = (
        f'<rect class="alarm-zone" x="{x.start}" y="{y.end}" '
        f'width="{x.at(alarm[0]) - x.start:.1f}" height="{y.at(alarm[1]) - y.end:.1f}" rx="3"/>'
    )
    parts = [corner, *frame(x, y, ("plausible for D*", "nats on D"), (percent, short))]
    parts.append(words(x.start + 7, y.end + 15, "earns much, not believed", "zone"))
    for m in reversed(shown):
        at, up = x.at(m.plausibility), y.at(m.nats)
        kind = "alarm" if m.is_alarm else "mark"
        about = f"{shortened(m.text, 200)}: {decimals(m.nats)} nats on D, plausible {percent(m.plausibility)}"
        left, right = x.at(m.plausibility - m.spread), x.at(m.plausibility + m.spread)
        parts.append(line(left, up, right, up, f"whisker {kind}"))
        parts.append(dot(at, up, 4.0, kind, about))
    parts += labels(shown, x, y)
    return svg(parts, f"Nats on D against plausibility for {count(len(shown), 'statement')}")


Box = tuple[float, float, float, float]


def labels(marks: Sequence[Mark], x: Axis, y: Axis) -> list[str]:
    """Labels of the strongest statements, each where it covers no mark and no other label, or left out."""
    taken = [(x.start, y.end, x.start + 26 * LETTER, y.end + 20)]
    for m in marks:
        left, at, right = (x.at(m.plausibility + k * m.spread) for k in (-1, 0, 1))
        up = y.at(m.nats)
        taken += [(at - 6, up - 6, at + 6, up + 6), (left, up - 1, right, up + 1)]
    parts: list[str] = []
    for m in marks[: 6 * LABELS]:
        if len(parts) == LABELS:
            break
        text = shortened(m.text, LABEL_LETTERS)
        for box, anchor in places_beside(m, LETTER * len(text), x, y):
            fits = box[0] >= x.start and box[2] <= WIDTH and box[1] >= y.end and box[3] < y.start
            if fits and not any(overlap(box, other) for other in taken):
                taken.append(box)
                kind = "label alarm" if m.is_alarm else "label"
                parts.append(words(box[0] if anchor == "start" else box[2], box[3] - 3, text, kind, anchor))
                break
    return parts


def places_beside(m: Mark, wide: float, x: Axis, y: Axis) -> list[tuple[Box, str]]:
    """Where a label of that width may go, best first: behind the whisker, before it, above, below."""
    left, at, right = (x.at(m.plausibility + k * m.spread) for k in (-1, 0, 1))
    up = y.at(m.nats)
    right, left = max(right, at + 5) + 4, min(left, at - 5) - 4
    return [
        ((right, up - 9, right + wide, up + 7), "start"),
        ((left - wide, up - 9, left, up + 7), "end"),
        ((at - 5, up - 22, at - 5 + wide, up - 7), "start"),
        ((at - 5, up + 7, at - 5 + wide, up + 21), "start"),
        ((at + 5 - wide, up - 22, at + 5, up - 7), "end"),
        ((at + 5 - wide, up + 7, at + 5, up + 21), "end"),
    ]


def overlap(a: Box, b: Box) -> bool:
    """Whether two boxes (left, top, right, bottom) share a place."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def reliability_plot(bins: Sequence[ReliabilityBin]) -> str:
    """How often the most probable class came true, against its probability, with 95 % intervals."""
    x, y = Axis(1.0, LEFT, WIDTH - RIGHT), Axis(1.0, HEIGHT - BOTTOM, TOP + 14)
    parts = frame(x, y, ("probability of the likeliest class", "came true"), (percent, percent))
    parts.append(line(x.start, y.start, x.end, y.end, "ideal"))
    most = max(b.n for b in bins)
    for b in bins:
        at = x.at(b.confidence)
        parts.append(line(at, y.at(b.interval.low), at, y.at(b.interval.high), "whisker ours"))
        about = f"{count(b.n, 'case')} at {percent(b.confidence)}: {percent(b.frequency)} came true"
        size = 3.0 + 3.0 * math.sqrt(b.n / most)
        parts.append(dot(at, y.at(b.frequency), size, "ours", about))
    return svg(parts, "Calibration: frequency against probability")


def curve_plot(curve: Sequence[tuple[int, float]], rival: tuple[str, float] | None) -> str:
    """Log loss on D* against how many answers people gave, and the row to beat as a line across."""
    x = Axis(max(1.0, *(float(answers) for answers, _ in curve)), LEFT, WIDTH - RIGHT)
    losses = [loss for _, loss in curve] + ([rival[1]] if rival else [])
    y = Axis(max(losses) * 1.12, HEIGHT - BOTTOM, TOP + 14)
    parts = frame(x, y, ("answers given", "log loss on D*, nats"), (short, decimals))
    if rival:
        parts.append(line(x.start, y.at(rival[1]), x.end, y.at(rival[1]), "rival"))
    path = " ".join(f"{x.at(answers):.1f},{y.at(loss):.1f}" for answers, loss in curve)
    parts.append(f'<polyline class="ours" points="{path}"/>')
    for answers, loss in curve:
        parts.append(dot(x.at(answers), y.at(loss), 4.0, "ours", f"{answers} answers: {loss:.3f} nats"))
    last = curve[-1]
    ours, other = y.at(last[1]) - 10, y.at(rival[1]) - 7 if rival else None
    if rival and other is not None:
        if abs(ours - other) < TALL:  # the lower of the two goes below its line
            ours, other = (
                (ours, y.at(rival[1]) + TALL) if rival[1] <= last[1] else (y.at(last[1]) + 18, other)
            )
        parts.append(words(x.end, other, shortened(rival[0], LABEL_LETTERS), "label", "end"))
    parts.append(words(x.at(last[0]), ours, f"Priory {decimals(last[1])}", "label ours", "end"))
    return svg(parts, "Log loss on D* against answers given")


def interval_bar(value: float, interval: Interval, axis: Axis, guide: float | None) -> str:
    """A dot with its interval on an axis that the whole column shares; ``guide`` is a line through all."""
    height = 16.0
    middle = height / 2
    parts = [line(axis.start, middle, axis.end, middle, "grid")]
    if guide is not None:
        parts.append(line(axis.at(guide), 0, axis.at(guide), height, "guide"))
    parts.append(line(axis.at(interval.low), middle, axis.at(interval.high), middle, "range"))
    parts.append(f'<circle class="value" cx="{axis.at(value):.1f}" cy="{middle}" r="3.4"/>')
    about = f"{value:.3f}, 95 % interval {interval.low:.3f} to {interval.high:.3f}"
    return svg(parts, about, axis.end + axis.start, height)


def share_bar(share: float, spread: float = 0.0, kind: str = "") -> str:
    """A share in [0, 1] as a filled track, with one standard deviation on each side."""
    axis = Axis(1.0, 0.0, 64.0)
    parts = [
        '<rect class="track" x="0" y="5" width="64" height="6" rx="3"/>',
        f'<rect class="fill {kind}" x="0" y="5" width="{axis.at(share):.1f}" height="6" rx="3"/>',
    ]
    if spread > 0:
        parts.append(line(axis.at(share - spread), 8, axis.at(share + spread), 8, "spread"))
    return svg(parts, percent(share), 64, 16)


def short(value: float) -> str:
    """A tick without needless digits."""
    return f"{value:,.10g}"
