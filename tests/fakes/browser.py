#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""browser.py CHROMIUM WIDTH URL PLACE CHECK [NAME="URL BUTTON..."]...

Reads a page in headless Chromium, looks through it with the function CHECK (which gives what is
wrong, or ""), takes a picture of it, and answers its form by the keyboard alone: to the button `decline` (URL "-": there is none). The others are
only looked at, each after its buttons were pressed. Prints what was wrong on each page as JSON. With AXE (a path of axe-core's axe.min.js) in the environment, its violations count, too.

Chromium is spoken to by its debugging protocol over a pipe: JSON texts that end with a NUL byte.
"""
import base64
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time


class Browser:
    def __init__(self, program, place, width):
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        for fd, number in ((theirs_in, 3), (theirs_out, 4)):
            os.dup2(fd, number + 60)
        script = 'exec "$@" 3<&63 4>&64 63<&- 64>&-'
        self.process = subprocess.Popen(
            ["bash", "-c", script, "sh", program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--remote-debugging-pipe",
             "--disable-dev-shm-usage", f"--user-data-dir={place}", "about:blank"], pass_fds=(63, 64), stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for fd in (theirs_in, theirs_out, 63, 64):
            os.close(fd)
        self.input, self.output = os.fdopen(ours_in, "rb", buffering=0), os.fdopen(ours_out, "wb", buffering=0)
        self.count, self.waiting, self.session = 0, b"", None
        target = next(t for t in self.call("Target.getTargets")["targetInfos"] if t["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=target["targetId"], flatten=True)["sessionId"]
        self.call("Page.enable")
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 600)

    def message(self):
        while b"\0" not in self.waiting:
            part = self.input.read(1 << 16)
            if not part:
                sys.exit("the browser ended")
            self.waiting += part
        text, _, self.waiting = self.waiting.partition(b"\0")
        return json.loads(text)

    def call(self, method, **parameters):
        self.count += 1
        request = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            request["sessionId"] = self.session
        self.output.write(json.dumps(request).encode() + b"\0")
        while True:
            found = self.message()
            if found.get("id") == self.count:
                if "error" in found:
                    sys.exit(f"{method}: {found['error']}")
                return found["result"]

    def value(self, expression):
        found = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            sys.exit(str(found["exceptionDetails"])[:1000])
        return found["result"].get("value")

    def go(self, url):
        self.call("Page.navigate", url=url)
        self.settled("about:blank")

    def settled(self, before):
        for _ in range(200):
            if self.value("document.readyState") == "complete" and self.value("location.href") != before:
                return
            time.sleep(0.05)
        sys.exit("the page does not come")

    def press(self, value):
        """Presses the button of that value, and waits for the page that it leads to."""
        self.value("window.before = true")
        self.value(f"document.querySelector('button[value={json.dumps(value)}]').click()")
        for _ in range(200):
            time.sleep(0.05)
            if self.value("!window.before && document.readyState === 'complete'"):
                return
        sys.exit(f"nothing comes after {value}")

    def key(self, key, code):
        more = {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, **more)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    def picture(self, path):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True,
                         clip={"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1})["data"]
        path.write_bytes(base64.b64decode(data))


def looked_through(browser, check):
    wrong = browser.value(f"({check})()")
    if os.environ.get("AXE"):
        browser.value(pathlib.Path(os.environ["AXE"]).read_text(encoding="utf-8") + ";0")
        found = browser.value("axe.run().then(r => r.violations.map(v => v.id + ': ' + v.nodes[0].html).join('\\n'))")
        wrong = "\n".join(filter(None, (wrong, found)))
    return wrong


def decline(browser, url, place, check, found):
    """Looks at the page and answers it by the keyboard alone; puts what was wrong into `found`."""
    browser.go(url)
    found["the page"] = looked_through(browser, check)
    browser.picture(place / "page.png")
    focused, typed = [], False
    for _ in range(30):
        browser.key("Tab", 9)
        at = browser.value("document.activeElement.tagName + ' ' + (document.activeElement.name || '') + ' ' + "
                           "(document.activeElement.value || '') + ' ' + getComputedStyle(document.activeElement).outlineStyle")
        focused.append(at)
        if at.endswith(" none") and not at.startswith("BODY"):
            found["the page"] += f"\nno ring around what has the keyboard: {at}"
        if at.startswith(("TEXTAREA", "INPUT reason")) and not typed:
            browser.call("Input.insertText", text="no time this term")
            typed = True
        if at.startswith("BUTTON do decline"):
            break
    else:
        found["the page"] += f"\nthe keyboard does not come to the button: {focused}"
    before = browser.value("document.title")
    browser.key("Enter", 13)
    for _ in range(100):
        time.sleep(0.05)
        if browser.value("document.readyState") == "complete" and browser.value("document.title") != before:
            break
    found["what came after"] = looked_through(browser, check)
    browser.picture(place / "after.png")


def main():
    program, width, url, place, check = sys.argv[1:6]
    place = pathlib.Path(place)
    with tempfile.TemporaryDirectory(dir=place, ignore_cleanup_errors=True) as profile:
        browser = Browser(program, profile, int(width))
        found = {}
        for name, other in (word.split("=", 1) for word in sys.argv[6:]):
            other, *presses = other.split(" ")
            browser.go(other)
            for value in presses:
                browser.press(value)
            found[name] = looked_through(browser, check)
            browser.picture(place / f"{name}.png")
        if url != "-":
            decline(browser, url, place, check, found)
        browser.call("Page.navigate", url="about:blank")
        browser.process.terminate()
        browser.process.wait(20)
    print(json.dumps(found))


main()
