"""Lines over time as SVG, in both themes of whoever looks: panels below each other. Standard library only."""

STYLE = """<style>
text { fill: #1f2328; font: 12px Helvetica, Arial, sans-serif } .head { font-weight: bold }
line, polyline { fill: none; stroke-width: 1 }
.grid { stroke: #d1d9e0 } .mark { stroke: #59636e; stroke-dasharray: 3 3 }
.a, .b, .c { stroke-width: 1.8 } .a { stroke: #cf222e } .b { stroke: #0969da } .c { stroke: #9a6700 }
text.a { fill: #cf222e; stroke: none } text.b { fill: #0969da; stroke: none } text.c { fill: #9a6700; stroke: none }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } .grid { stroke: #3d444d } .mark { stroke: #9198a1 }
.a { stroke: #ff7b72 } .b { stroke: #58a6ff } .c { stroke: #d29922 }
text.a { fill: #ff7b72 } text.b { fill: #58a6ff } text.c { fill: #d29922 }
}
</style>"""
WIDTH, LEFT, RIGHT, HEIGHT, GAP = 760, 62, 14, 150, 62


def ticks(most, about=4):
    """Round numbers from 0 to `most`."""
    step = 10 ** (len(str(int(most / about))) - 1)
    step = next(step * k for k in (1, 2, 5, 10) if step * k * about >= most)
    return [i * step for i in range(int(most / step) + 1)]


def panel(top, title, series, most_x, most_y, marks, unit_x):
    """One panel. `series` are (class, name, points); `marks` are (x, text): dashed lines, named above the panel."""
    inner = WIDTH - LEFT - RIGHT
    x = lambda value: LEFT + value / most_x * inner  # noqa: E731
    y = lambda value: top + HEIGHT - min(value, most_y) / most_y * HEIGHT  # noqa: E731
    out = [f'<text class="head" x="{LEFT}" y="{top - 26}">{title}</text>']
    at = WIDTH - RIGHT
    for kind, name, _ in reversed(series):
        out.append(f'<text class="{kind}" x="{at}" y="{top - 26}" text-anchor="end">{name}</text>')
        at -= 7 * len(name) + 16
    for value in ticks(most_y):
        out.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>')
        out.append(f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:,}</text>')
    for value in ticks(most_x, 8):
        last = f" {unit_x}" if value == ticks(most_x, 8)[-1] else ""
        out.append(f'<text x="{x(value):.1f}" y="{top + HEIGHT + 16}" text-anchor="middle">{value:,}{last}</text>')
    for value, text in marks:
        out.append(f'<line class="mark" x1="{x(value):.1f}" x2="{x(value):.1f}" y1="{top - 6}" y2="{top + HEIGHT}"/>')
        out.append(f'<text x="{x(value):.1f}" y="{top - 9}">{text}</text>')
    for kind, _, points in series:
        line = " ".join(f"{x(px):.1f},{y(py):.1f}" for px, py in points if px <= most_x)
        out.append(f'<polyline class="{kind}" points="{line}"/>')
    return out


def draw(path, panels):
    """Writes panels, each the arguments of `panel` but `top`."""
    height = GAP * len(panels) + HEIGHT * len(panels) + 4
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" {size}>', STYLE]
    for number, one in enumerate(panels):
        out += panel(40 + number * (HEIGHT + GAP), *one)
    path.write_text("\n".join([*out, "</svg>"]) + "\n")
