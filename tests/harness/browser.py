"""Chromium without a window, driven over a pipe: loads a page, measures it, and takes pictures of it."""

import base64
import itertools
import json
import os
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

__all__ = ["Browser", "BrowserError", "Screen"]

_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--hide-scrollbars",
    "--force-color-profile=srgb",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)
_CHUNK_BYTES = 1 << 16


class BrowserError(Exception):
    """The browser answered with an error, or ended."""


class Screen:
    """Width in CSS pixels, height for pages that are not taken as a whole, and the colour scheme."""

    def __init__(self, width: int, height: int = 800, *, dark: bool = False) -> None:
        self.width = width
        self.height = height
        self.dark = dark


class Browser:
    """One browser process with one page. Its pipes take and give messages of the DevTools protocol, ended by a zero."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._numbers = itertools.count(1)
        self._rest = b""
        self._session = ""
        self._process: subprocess.Popen[bytes] | None = None
        self.events: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self._home = tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True)
        commands, self._to = os.pipe()
        self._from, answers = os.pipe()
        # The browser expects the pipes at 3 and 4. A shell puts them there; root may not use Chromium's sandbox.
        flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else []), f"--user-data-dir={self._home.name}"]
        line = f'exec "$0" "$@" 3<&{commands} 4>&{answers}'
        self._process = subprocess.Popen(
            ["/bin/bash", "-c", line, self._program, *flags, "about:blank"],
            pass_fds=(commands, answers),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(commands)
        os.close(answers)
        target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Network", "Log", "Runtime"):
            self._call(f"{domain}.enable")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
        os.close(self._to)
        os.close(self._from)
        self._home.cleanup()

    def show(self, url: str, screen: Screen) -> None:
        """Load a page on a screen, and wait until it is loaded."""
        self.events.clear()
        mobile = screen.width < 600  # as phones do, obey the viewport that the page asks for
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=screen.width,
            height=screen.height,
            deviceScaleFactor=1,
            mobile=mobile,
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if screen.dark else "light"}
        self._call("Emulation.setEmulatedMedia", features=[scheme])
        found = self._call("Page.navigate", url=url)
        if "errorText" in found:
            raise BrowserError(f"{url}: {found['errorText']}")
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self._read()

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression of JavaScript, evaluated by the browser outside the page's policy."""
        return self._call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")

    def accessibility(self) -> list[dict[str, Any]]:
        """Return the nodes of the page's accessibility tree that are not ignored."""
        nodes: list[dict[str, Any]] = self._call("Accessibility.getFullAXTree")["nodes"]
        return [node for node in nodes if not node.get("ignored")]

    def picture(self, path: Path, *, whole: bool = True) -> None:
        """Write the page as a PNG: the whole, or as much as the screen shows."""
        taken = self._call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(taken["data"]))

    def requested(self) -> list[str]:
        """Return the addresses that the page has loaded since `show`."""
        return [
            event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"
        ]

    def complaints(self) -> list[str]:
        """Return what the browser has logged about the page since `show`: blocked resources, errors."""
        return [event["params"]["entry"]["text"] for event in self.events if event["method"] == "Log.entryAdded"]

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._read()
            if answer.get("id") == number:
                if "error" in answer:
                    raise BrowserError(f"{method}: {answer['error']['message']}")
                result: dict[str, Any] = answer["result"]
                return result

    def _read(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._from, _CHUNK_BYTES)
            if not part:
                raise BrowserError("the browser has ended")
            self._rest += part
        line, self._rest = self._rest.split(b"\0", 1)
        message: dict[str, Any] = json.loads(line)
        if "method" in message:
            self.events.append(message)
        return message
