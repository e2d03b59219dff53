"""A browser without a window, by the WebDriver protocol: JSON over HTTP to chromedriver."""

import base64
import contextlib
import json
import re
import subprocess
import tempfile
import time
import urllib.request

# Chromium is run by root here, and has nobody to talk to but the program under test.
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "Left": "\ue012", "Right": "\ue014", "Tab": "\ue004"}


class Failed(Exception):
    """What the driver says has gone wrong."""


class Browser:
    """A session of chromedriver. A tab is its current one until `switch`."""

    def __init__(self, port, profile):
        self.base = f"http://127.0.0.1:{port}"
        options = {"binary": "/usr/bin/chromium", "args": [*FLAGS, f"--user-data-dir={profile}"]}
        capabilities = {
            "alwaysMatch": {
                "goog:chromeOptions": options,
                "goog:loggingPrefs": {"browser": "ALL"},
            }
        }
        self.base += "/session/" + self.send("/session", {"capabilities": capabilities})["sessionId"]

    def send(self, path, body=None, method=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            raise Failed(json.load(error)["value"]["message"]) from None

    def open(self, address):
        self.send("/url", {"url": address})

    def run(self, script, *arguments):
        """What a script returns, in the page."""
        return self.send("/execute/sync", {"script": script, "args": arguments})

    def text(self, selector):
        return self.run("return document.querySelector(arguments[0]).textContent", selector)

    def press(self, *keys):
        """Keys, one after the other, wherever the focus is."""
        actions = []
        for key in keys:
            key = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.send("/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})

    def devtools(self, command, **parameters):
        return self.send("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def size(self, width, height, mobile=False):
        """The size of the window, or of a phone that is touched."""
        self.devtools(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=mobile,
        )
        self.devtools("Emulation.setTouchEmulationEnabled", enabled=mobile)

    def scheme(self, name):
        feature = {"name": "prefers-color-scheme", "value": name}
        self.devtools("Emulation.setEmulatedMedia", features=[feature])

    def picture(self, path):
        path.write_bytes(base64.b64decode(self.send("/screenshot")))

    def tab(self):
        """A new tab, which becomes the current one; its handle."""
        handle = self.send("/window/new", {"type": "tab"})["handle"]
        self.switch(handle)
        return handle

    def this_tab(self):
        return self.send("/window")

    def switch(self, handle):
        self.send("/window", {"handle": handle})

    def complaints(self):
        """What the page logged as an error: a script that failed, something that its policy refused."""
        return [entry["message"] for entry in self.send("/se/log", {"type": "browser"})
                if entry["level"] == "SEVERE"]

    def close(self):
        self.send("", method="DELETE")


@contextlib.contextmanager
def browser():
    """A browser with a profile of its own, and the driver that it needs."""
    driver = subprocess.Popen(
        ["/usr/bin/chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        port = next(filter(None, (re.search(r"on port (\d+)\.", line) for line in driver.stdout)))[1]
        with tempfile.TemporaryDirectory() as profile:
            own = Browser(port, profile)
            try:
                yield own
            finally:
                own.close()
    finally:
        driver.terminate()
        driver.wait()


def wait(condition, what, seconds=20):
    """Until a condition holds, and its value."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        value = condition()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"waited {seconds} s for {what}")
