#!/usr/bin/env python3
"""Draws docs/pictures: the flow by Graphviz, the page of the demo and a report by Chromium.

`make pictures DATA=path/to/aclImdb_v1.tar.gz` runs it. Nothing is installed: what is missing is named.
"""

import base64
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
PICTURES = ROOT / "docs/pictures"
TEXT = (
    "I expected little and was wrong. The plot is thin, but the dialogue is witty, the two leads are "
    "wonderful together, and the ending is a perfect surprise."
)
MIXED = (
    "The first half is slow and the dialogue is awkward, but the photography is stunning and the ending is wonderful. "
    "Sadly the music is terrible. The cast is superb."
)
# With what people say of them, so that there is something to be seen of live accuracy.
LABELLED = [
    ("A superb film, moving and funny.", "positive"), ("Dull, slow and badly acted.", "negative"),
    ("The worst evening of the year.", "negative"), ("I loved every minute of it.", "positive"),
    ("Not great, but worth seeing.", "positive"), ("A waste of a good cast.", "negative"),
    ("Predictable, and yet I enjoyed it.", "positive"), ("Excellent acting, awful script.", "negative"),
    ("A perfect surprise.", "positive"), ("It bored me.", "negative"),
]
# Both themes in one file: whoever shows it chooses.
STYLE = """<style>
text { fill: #1f2328 } path, polygon, ellipse { stroke: #59636e; fill: none }
.edge polygon { fill: #59636e } .program path { fill: #ddf4ff; stroke: #0969da }
.topic path { fill: #fff8c5 } .store polygon { fill: #dafbe1 }
@media (prefers-color-scheme: dark) {
text { fill: #f0f6fc } path, polygon, ellipse { stroke: #9198a1 } .edge polygon { fill: #9198a1 }
.program path { fill: #0c2d6b; stroke: #388bfd } .topic path { fill: #3b2300 } .store polygon { fill: #033a16 }
}
</style>"""


class Chromium:
    """A headless Chromium, driven by the DevTools protocol over two pipes."""

    def __init__(self, profile):
        to_read, self.to_write = os.pipe()
        self.to_read, to_write = os.pipe()
        shell = f'exec chromium "$@" 3<&{to_read} 4>&{to_write}'
        flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe"]
        self.process = subprocess.Popen(
            ["bash", "-c", shell, "chromium", *flags, f"--user-data-dir={profile}", "about:blank"],
            pass_fds=(to_read, to_write), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(to_write)
        self.number, self.rest, self.session = 0, b"", None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]

    def call(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.to_write, json.dumps(message).encode() + b"\0")
        while True:
            while b"\0" not in self.rest:
                read = os.read(self.to_read, 1 << 16)
                if not read:
                    sys.exit("pictures: Chromium ended")
                self.rest += read
            answer, self.rest = self.rest.split(b"\0", 1)
            answer = json.loads(answer)
            if answer.get("id") == self.number:
                if "error" in answer:
                    sys.exit(f"pictures: {method}: {answer['error']}")
                return answer["result"]

    def until(self, expression):
        """Waits until a JavaScript expression is true in the page."""
        deadline = time.monotonic() + 60
        while not self.call("Runtime.evaluate", expression=expression)["result"].get("value"):
            if time.monotonic() > deadline:
                sys.exit(f"pictures: not true within 60 s: {expression}")
            time.sleep(0.1)

    def go(self, url):
        self.call("Page.navigate", url=url)
        self.until(f"location.href.startsWith({json.dumps(url)}) && document.readyState === 'complete'")

    def shoot(self, name, width, height, scale=1.5, colours=256):
        """Writes NAME-light.png and NAME-dark.png. Without a height it is that of the page."""
        def size(height):
            self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale, mobile=False)
        size(height or 100)
        if not height:
            wanted = self.call("Runtime.evaluate", expression="document.documentElement.scrollHeight")["result"]["value"]
            size(min(wanted, 2000))
        for theme in ("light", "dark"):
            self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
            png = base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"])
            small = subprocess.run(["pngquant", "--speed", "1", str(colours), "-"], input=png, stdout=subprocess.PIPE, check=True)
            (PICTURES / f"{name}-{theme}.png").write_bytes(small.stdout)

    def end(self):
        self.process.terminate()
        self.process.wait()


def flow():
    svg = subprocess.run(["dot", "-Tsvg", PICTURES / "flow.dot"], stdout=subprocess.PIPE, check=True, text=True).stdout
    svg = re.sub(r"<!--.*?-->\n?", "", svg, flags=re.S)
    (PICTURES / "flow.svg").write_text(re.sub(r"(<svg[^>]*>)", lambda tag: f"{tag[1]}\n{STYLE}", svg, count=1))


def page(chromium, work):
    """The page with a verdict, of a demo of its own."""
    ports = " ".join(f"--{of}-port 0" for of in ("web", "kafka", "consumer", "monitor", "trainer"))
    log = work / "demo.log"
    arguments = f"ARGS=--state {work}/state --no-trickle --no-prometheus {ports}"
    with log.open("w") as out:
        demo = subprocess.Popen(["make", "demo", arguments], cwd=ROOT, stdout=out, stderr=out, start_new_session=True)
    try:
        while not (found := re.search(r"http://127\.0\.0\.1:\d+/$", log.read_text(), re.M)):
            if demo.poll() is not None:
                sys.exit(f"pictures: the demo ended:\n{log.read_text()}")
            time.sleep(0.2)
        chromium.go(found[0])
        fill = f"document.querySelector('textarea').value = {json.dumps(TEXT)}; document.querySelector('form').requestSubmit()"
        chromium.call("Runtime.evaluate", expression=fill)
        chromium.until("document.querySelector('.result') && document.readyState === 'complete'")
        chromium.shoot("page", 760, 720)
        pages(chromium, found[0])
    finally:
        os.killpg(demo.pid, signal.SIGINT)
        demo.wait()


def ask(site, text):
    """The verdict on a review."""
    body = json.dumps({"text": text}).encode()
    request = urllib.request.Request(f"{site}api/v1/reviews", body, {"Content-Type": "application/json"})
    return json.load(urllib.request.urlopen(request))


def pages(chromium, site):
    """Every page, on a desk and on a phone."""
    for text, label in LABELLED:
        verdict = ask(site, text)
        body = json.dumps({"label": label, "label_token": verdict["label_token"]}).encode()
        request = urllib.request.Request(f"{site}api/v1/reviews/{verdict['id']}/label", body, {"Content-Type": "application/json"})
        urllib.request.urlopen(request)
    (PICTURES / "pages").mkdir(exist_ok=True)
    asked = "document.querySelector('.result') && document.readyState === 'complete'"
    ready = {
        "home": "document.querySelectorAll('#live li').length > 3",
        "model": "document.querySelector('circle')",
        "status": "document.querySelector('h1')",
    }
    for name, text in (("verdict", TEXT), ("mixed", MIXED)):
        chromium.go(site)
        chromium.call("Runtime.evaluate", expression=f"document.querySelector('textarea').value = {json.dumps(text)}; document.querySelector('form').requestSubmit()")
        chromium.until(asked)
        for width in (1200, 390):
            chromium.shoot(f"pages/{name}-{width}", width, None, scale=1, colours=32)
    for name, path in (("home", ""), ("model", "model"), ("status", "status")):
        deadline = time.monotonic() + 60
        while True:
            chromium.go(f"{site}{path}")
            time.sleep(1)
            if chromium.call("Runtime.evaluate", expression=f"!!({ready[name]})")["result"].get("value"):
                break
            if time.monotonic() > deadline:
                sys.exit(f"pictures: {name} is not complete within 60 s")
        for width in (1200, 390):
            chromium.shoot(f"pages/{name}-{width}", width, None, scale=1, colours=32)


def report(chromium, work, data):
    """The report of the default model on the reviews that it was not trained on."""
    build = ["cargo", "run", "--locked", "--quiet", "--no-default-features", "-p", "verdict-trainer", "--"]
    subprocess.run([*build, "evaluate", "--data", data, "--reports", work / "reports"],
                   cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    chromium.go(f"file://{work}/reports/report.html")
    chromium.shoot("report", 1100, 1000)


def main():
    data = pathlib.Path(sys.argv[1]).absolute()
    missing = [program for program in ("chromium", "dot", "pngquant") if not shutil.which(program)]
    if missing:
        sys.exit(f"pictures: {', '.join(missing)} missing: apt-get install chromium graphviz pngquant")
    if not data.is_file():
        sys.exit(f"pictures: {data} is missing: trainer data fetch, or make pictures DATA=PATH")
    flow()
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        chromium = Chromium(work / "chromium")
        try:
            page(chromium, work)
            report(chromium, work, data)
        finally:
            chromium.end()
    for picture in sorted(path for path in PICTURES.rglob("*") if path.is_file()):
        print(f"{picture.stat().st_size:8} {picture.relative_to(ROOT)}")


main()
