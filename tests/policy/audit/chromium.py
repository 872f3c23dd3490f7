"""A headless browser for the tests of pages: the real program, spoken to over a pipe, gone with the tests."""

from __future__ import annotations

import base64
import json
import os
import shutil
import struct
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest


# What `.ci/run` sets: there, a test without a browser is a failure.
REQUIRED = os.environ.get("CHROMIUM_TESTS") == "required"

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = (
    "--headless",
    "--remote-debugging-pipe",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--no-first-run",
    "--password-store=basic",
)


class Browser:
    """Commands go in and answers and events come out, each JSON that ends with a zero byte."""

    def __init__(self, commands: int, answers: int):
        self._commands, self._answers = commands, answers
        self._count = 0
        self._received = b""
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        self._count += 1
        command = {"id": self._count, "method": method, "params": parameters}
        if session is not None:
            command["sessionId"] = session
        os.write(self._commands, json.dumps(command).encode() + b"\0")
        while (message := self._next()).get("id") != self._count:
            self.events.append(message)
        if "error" in message:
            raise AssertionError(f"{method}: {message['error']}")
        return message["result"]

    def wait_for(self, event: str, session: str) -> None:
        def happened(message: dict[str, Any]) -> bool:
            return message.get("method") == event and message.get("sessionId") == session

        while not any(map(happened, self.events)):
            self.events.append(self._next())

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._received:
            more = os.read(self._answers, 1 << 16)
            assert more, "the browser is gone"
            self._received += more
        message, _, self._received = self._received.partition(b"\0")
        return json.loads(message)


class Page:
    """A page that is open, at a width and with a colour scheme."""

    def __init__(self, browser: Browser, path: Path, width: int, scheme: str, media: str = "", scripts: bool = True):
        self._browser = browser
        self.width = width
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=800, deviceScaleFactor=1, mobile=width < 500
        )
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=features)
        if not scripts:
            self.call("Emulation.setScriptExecutionDisabled", value=True)
        browser.events.clear()
        self.call("Page.navigate", url=path.as_uri())
        browser.wait_for("Page.loadEventFired", self._session)

    def call(self, method: str, **parameters: Any) -> Any:
        return self._browser.call(method, self._session, **parameters)

    def run(self, program: str) -> Any:
        """What a function body in JavaScript returns."""
        answer = self.call("Runtime.evaluate", expression=f"(() => {{{program}}})()", returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def screenshot(self) -> bytes:
        """The whole page as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": self.width, "height": min(size["height"], 8000), "scale": 1}
        return base64.b64decode(self.call("Page.captureScreenshot", clip=clip, captureBeyondViewport=True)["data"])

    @property
    def requests(self) -> list[str]:
        """What was asked for, the page itself among it."""
        return [event["request"]["url"] for event in self._of("Network.requestWillBeSent")]

    @property
    def blocked(self) -> list[str]:
        """Those of them that its security policy did not let out."""
        failed = {
            event["requestId"] for event in self._of("Network.loadingFailed") if event.get("blockedReason") == "csp"
        }
        sent = self._of("Network.requestWillBeSent")
        return [event["request"]["url"] for event in sent if event["requestId"] in failed]

    @property
    def complaints(self) -> list[Any]:
        """What was said on the console, and exceptions."""
        names = ("Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded")
        return [event for name in names for event in self._of(name)]

    def _of(self, name: str) -> list[Any]:
        events = self._browser.events
        return [
            event["params"]
            for event in events
            if event.get("method") == name and event.get("sessionId") == self._session
        ]


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser that is ready."""
    program = next(filter(None, map(shutil.which, _NAMES)), None)
    if program is None:
        message = "there is no chromium: install it as root with `apt-get install chromium`"
        pytest.fail(message) if REQUIRED else pytest.skip(message)
    # It does not run as root in its own sandbox. What it shows here is ours.
    options = [*_OPTIONS, *(["--no-sandbox"] if os.getuid() == 0 else [])]
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as folder:
        commands_out, commands = os.pipe()
        answers, answers_in = os.pipe()
        # It reads file descriptor 3 and writes 4, whatever numbers the pipes have here.
        script = f'exec 3<&{commands_out} 4>&{answers_in}; exec "$@"'
        command = ["bash", "-c", script, "bash", program, *options, f"--user-data-dir={folder}", "about:blank"]
        with subprocess.Popen(command, pass_fds=(commands_out, answers_in), stderr=subprocess.DEVNULL) as process:
            os.close(commands_out)
            os.close(answers_in)
            try:
                yield Browser(commands, answers)
            finally:
                os.close(commands)  # With that it ends
                os.close(answers)
                try:
                    process.wait(20)
                except subprocess.TimeoutExpired:
                    process.kill()


def distinct_lines(png: bytes) -> int:
    """How many lines of pixels of a picture differ from all others: of a blank one hardly any."""
    at, data, width = 8, b"", 0
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at : at + 8])
        if kind == b"IHDR":
            width = struct.unpack(">I", png[at + 8 : at + 12])[0] * {2: 3, 6: 4}[png[at + 17]] + 1
        elif kind == b"IDAT":
            data += png[at + 8 : at + 8 + length]
        at += length + 12
    pixels = zlib.decompress(data)
    return len({pixels[start : start + width] for start in range(0, len(pixels), width)})
