"""Renders the page of `perceptron bench --html` in headless Chromium: the plots are there, on a desk and on a phone.

usage: page_in_browser.py COMMAND. Exit code 77 where there is no Chromium.
"""
import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree

# Writes what a reader would see into the page's own text, once it is laid out.
PROBE = """<script>window.onload = () => {
  const boxes = [...document.querySelectorAll('section svg[role=img]')].map(svg => {
    const box = svg.getBoundingClientRect();
    const shapes = svg.querySelectorAll('rect, circle, polyline').length;
    const sizes = [...svg.querySelectorAll('text')].map(text => text.getBoundingClientRect().height);
    return [svg.closest('section').id, box.width, box.height, shapes, Math.min(...sizes)];
  });
  const root = document.documentElement;
  parent.document.getElementById('found').textContent =
      JSON.stringify({boxes, width: root.clientWidth, content: root.scrollWidth});
}</script>"""


def page_of(command, folder):
    path = folder / "report.html"
    peers = ["--peers"] if ": found" in subprocess.run([command, "bench", "--list"], capture_output=True, text=True,
                                                       check=True).stdout else []
    subprocess.run([command, "bench", "16x64x32:f32:relu", "--sweep", "rows=1:16:x4", "--threads", "1", "--seconds",
                    "0.01", "--quiet", "--html", path, *peers], check=True)
    swept = path.read_text(encoding="utf-8")
    subprocess.run([command, "bench", "16x64x32:f32:relu", "16x64x32:f64:tanh", "--threads", "1", "--seconds", "0.01",
                    "--quiet", "--html", path, *peers], check=True)
    return swept, path.read_text(encoding="utf-8"), bool(peers)


def seen(chromium, folder, page, width):
    """What the probe finds in a frame of that width."""
    inner = page.replace("</body>", PROBE + "</body>")
    outer = folder / "outer.html"
    outer.write_text(f'<!DOCTYPE html><pre id="found"></pre><iframe width="{width}" height="800" frameborder="0" '
                     f'srcdoc="{html.escape(inner)}"></iframe>', encoding="utf-8")
    dom = subprocess.run([chromium, "--headless", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000",
                          f"--user-data-dir={folder}/profile", "--window-size=1400,900", "--dump-dom",
                          outer.as_uri()], capture_output=True, text=True, timeout=120, check=True).stdout
    found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
    return json.loads(html.unescape(found.group(1)))


def check(found, plots, width):
    names = [box[0] for box in found["boxes"]]
    assert set(names) == plots, f"plots {names}, expected {plots}"
    assert found["content"] <= found["width"], f"at {width} pixels the page is {found['content']} wide"
    for name, box_width, height, shapes, text in found["boxes"]:
        assert box_width >= 250 and height >= 50, f"{name} is {box_width} x {height} at {width} pixels"
        assert shapes >= 1, f"{name} shows nothing"
        assert text >= 8, f"text of {name} is {text} pixels high at {width} pixels"


def main():
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        print("no Chromium: the page is not rendered")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        swept, page, has_peers = page_of(sys.argv[1], folder)
        for text in (swept, page):
            xml.etree.ElementTree.fromstring(text.replace("<!DOCTYPE html>", ""))
        for width in (1200, 390):
            check(seen(chromium, folder, swept, width), {"roofline", "latency"} | ({"speedup"} if has_peers else set()), width)
            check(seen(chromium, folder, page, width), {"roofline"} | ({"speedup"} if has_peers else set()), width)


if __name__ == "__main__":
    main()
