"""The picture of a results file of `perceptron_bench --compare --json`, as SVG: for each problem and peer how many
times our time it takes."""
import html
import math

OURS = "perceptron"
COLOURS = {"openblas": "#d55e00", "onednn": "#0072b2", "eigen": "#009e73", "onnxruntime": "#b25fd4"}
TICKS = (0.25, 0.5, 1, 2, 4, 8, 16)
NAME_WIDTH, PANEL_WIDTH, GAP, ROW = 150, 320, 48, 22
TOP, BOTTOM, RADIUS, MARGIN = 62, 30, 4.5, 10

STYLE = """text { font: 12px system-ui, sans-serif; fill: #1b1f24 } .soft { fill: #57606a; font-size: 11px }
.end { text-anchor: end } .middle { text-anchor: middle } .head { font-weight: 600 }
.row { stroke: #eaeef2 } .grid { stroke: #d0d7de; stroke-width: .7 } .one { stroke: #1b1f24; stroke-width: 1.3 }"""


def text(x, y, words, kind=""):
    return f'<text x="{x:.1f}" y="{y:.1f}" class="{kind}">{html.escape(words)}</text>'


def line(x1, y1, x2, y2, kind):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="{kind}"/>'


def dot(x, y, peer, words):
    return (f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}" fill="{COLOURS[peer]}" fill-opacity=".85">'
            f"<title>{html.escape(words)}</title></circle>")


def axis(ratio):
    """0 to 1 from the first tick to the last; what lies outside is drawn at the border."""
    low, high = math.log(TICKS[0]), math.log(TICKS[-1])
    return (min(max(math.log(ratio), low), high) - low) / (high - low)


def panel(data, threads, left, problems):
    """The dots of one number of threads."""
    bottom = TOP + ROW * len(problems)
    parts = [text(left + PANEL_WIDTH / 2, 40, f"{threads} thread{'s' * (threads > 1)}", "middle head")]
    for tick in TICKS:
        x = left + PANEL_WIDTH * axis(tick)
        parts += [line(x, TOP - 8, x, bottom, "one" if tick == 1 else "grid"),
                  text(x, bottom + 16, f"{tick:g}×", "middle soft")]
    for result in data["results"]:
        if result["threads"] != threads or result["contender"] not in COLOURS:
            continue
        peer, ratio = result["contender"], result["ratio_to_perceptron"]
        parts.append(dot(left + PANEL_WIDTH * axis(ratio), TOP + ROW * (problems.index(result["problem"]) + 0.5),
                         peer, f"{peer} {ratio:.2f}×, {result['problem']}"))
    return parts


def picture(data):
    problems = list(dict.fromkeys(ratio["problem"] for ratio in data["ratios"]))
    width = MARGIN + NAME_WIDTH + len(data["threads"]) * (PANEL_WIDTH + GAP)
    height = TOP + ROW * len(problems) + BOTTOM
    parts = [f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
             text(MARGIN, 18, "A peer's time ÷ ours: right of 1 we are faster", "head")]
    x = width - GAP
    for peer, colour in reversed(COLOURS.items()):
        if not any(result["contender"] == peer for result in data["results"]):
            continue
        parts.append(text(x, 18, peer, "end"))
        x -= 6.6 * len(peer) + 12
        parts.append(f'<circle cx="{x}" cy="14" r="{RADIUS}" fill="{colour}"/>')
        x -= 20
    for row, problem in enumerate(problems):
        y = TOP + ROW * (row + 0.5)
        parts += [line(MARGIN, y, width - GAP, y, "row"),
                  text(MARGIN + NAME_WIDTH - 12, y + 4, problem.removesuffix(":f32:relu"), "end")]
    for index, threads in enumerate(data["threads"]):
        parts += panel(data, threads, MARGIN + NAME_WIDTH + index * (PANEL_WIDTH + GAP), problems)
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f'role="img" aria-label="Speed beside peers">\n<style>{STYLE}</style>\n{body}\n</svg>\n')
