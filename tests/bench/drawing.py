# SPDX-License-Identifier: Apache-2.0
"""A table as a picture: a group of bars for each row, the longest of a group always as long."""

from xml.sax.saxutils import escape

LABEL, BAR, NUMBER = 230, 420, 60  # pixels: left of the bars, the longest bar, right of it
STEP, GAP, TOP = 16, 12, 40
COLOURS = "#9aa5b1", "#1f6feb", "#79b8ff", "#2da44e", "#bf8700", "#8250df"


def text(x, y, words, more=""):
    return f'<text x="{x}" y="{y}" {more}>{escape(words)}</text>'


def legend(names):
    for i, name in enumerate(names):
        x = LABEL + 110 * i
        yield f'<rect x="{x}" y="10" width="12" height="12" fill="{COLOURS[i % len(COLOURS)]}"/>'
        yield text(x + 17, 20, name)


def group(row, n_sets, y):
    """The bars of one row of the table."""
    values = [None if cell == "–" else float(cell) for cell in row[1:n_sets + 1]]
    longest = max([v for v in values if v], default=1)
    yield text(LABEL - 10, y + 12, row[0], 'text-anchor="end"')
    for i, value in enumerate(values):
        if value is None:
            continue
        width = max(1, round(BAR * value / longest))
        yield (f'<rect x="{LABEL}" y="{y}" width="{width}" height="{STEP - 3}" '
               f'fill="{COLOURS[i % len(COLOURS)]}"/>')
        yield text(LABEL + width + 5, y + 11, row[1 + i])
        y += STEP


def height(row, n_sets):
    return STEP * sum(cell != "–" for cell in row[1:n_sets + 1]) + GAP


def svg(table, n_sets, about):
    """The picture of a table whose first row is the heading and has `n_sets` sets."""
    parts, y = list(legend(table[0][1:n_sets + 1])), TOP
    for row in table[1:]:
        parts += group(row, n_sets, y)
        y += height(row, n_sets)
    parts.append(text(10, y + 10, about, 'font-size="9" fill="#57606a"'))
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{LABEL + BAR + NUMBER}" '
            f'height="{y + 25}" font-family="sans-serif" font-size="11">\n'
            '<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")
