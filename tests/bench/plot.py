"""plot.py - ratios with their spread and their bar as an SVG picture, readable on a light and on a dark page."""
from xml.sax.saxutils import escape

ROW, TOP, LEFT, WIDTH, RIGHT = 26, 44, 330, 420, 90
STYLE = """
  text { font: 13px system-ui, sans-serif; fill: #333 }
  .small { font-size: 11px; fill: #777 }
  .grid { stroke: #ddd }
  .one { stroke: #999; stroke-dasharray: 3 3 }
  .spread { stroke: #2a78b8; stroke-width: 5; stroke-linecap: round; opacity: .45 }
  .median { fill: #2a78b8 }
  .missed { fill: #c2452d }
  .bar { stroke: #222; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #ddd } .small { fill: #999 } .grid { stroke: #444 } .bar { stroke: #eee }
  }
"""


def _ratios(results):
    """(label, want) of each ratio that was measured; sums of packets or octets are no ratios."""
    return [(f"{name}: {w['text']}", w) for name, case in results["cases"].items() for w in case["wants"]
            if w["values"] and not w["unit"]]


def _step(most):
    return next(s for s in (0.25, 0.5, 1, 2, 5, 10, 50, 100, 1000) if most / s <= 8)


class Scale:
    """From 0 to a little beyond the greatest value."""

    def __init__(self, most):
        self.step = _step(most)
        self.most = (int(most / self.step) + 1) * self.step

    def x(self, value):
        return LEFT + WIDTH * value / self.most

    def ticks(self):
        return [i * self.step for i in range(int(self.most / self.step) + 1)]


def _row(y, label, want, scale):
    middle = y + ROW / 2
    dot = "missed" if want["met"] is False else "median"
    yield f'<text x="{LEFT - 12}" y="{middle + 4:.1f}" text-anchor="end">{escape(label)}</text>'
    yield (f'<line class="spread" x1="{scale.x(want["low"]):.1f}" x2="{scale.x(want["high"]):.1f}" '
           f'y1="{middle:.1f}" y2="{middle:.1f}"/>')
    if want["bar"] is not None:
        x = scale.x(want["bar"])
        yield f'<line class="bar" x1="{x:.1f}" x2="{x:.1f}" y1="{middle - 8:.1f}" y2="{middle + 8:.1f}"/>'
    yield f'<circle class="{dot}" cx="{scale.x(want["median"]):.1f}" cy="{middle:.1f}" r="5"/>'
    yield f'<text x="{LEFT + WIDTH + 12}" y="{middle + 4:.1f}">{want["median"]:.2f}</text>'


def _grid(scale, bottom):
    for tick in scale.ticks():
        x, kind = scale.x(tick), "one" if tick == 1 else "grid"
        yield f'<line class="{kind}" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 6}" y2="{bottom}"/>'
        yield f'<text class="small" x="{x:.1f}" y="{bottom + 16}" text-anchor="middle">{tick:g}</text>'


def svg(results):
    """The picture as text."""
    rows = _ratios(results)
    scale = Scale(max([1.0] + [max(w["high"], w["bar"] or 0) for _, w in rows]))
    bottom = TOP + ROW * len(rows) + 4
    width, height = LEFT + WIDTH + RIGHT, bottom + 28
    lines = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}">',
             f"<style>{STYLE}</style>",
             f'<text x="12" y="22">Ratio of packets per second: median, spread of the rounds; the upright stroke is the bar</text>']
    lines += _grid(scale, bottom)
    for i, (label, want) in enumerate(rows):
        lines += _row(TOP + ROW * i, label, want, scale)
    return "\n".join([*lines, "</svg>", ""])
