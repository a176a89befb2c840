"""Network cameras that a test starts, kills and starts again on the same port."""

import http.server
import os
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from line.services.daemon import free_port

SYSTEM_PYTHON = "/usr/bin/python3"
PACKAGES = (
    "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-base gstreamer1.0-plugins-good "
    "gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly"
)
PARTS = "part"


@cache
def _has_gstreamer() -> bool:
    script = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"
    if shutil.which(SYSTEM_PYTHON) is None:
        return False
    return subprocess.run([SYSTEM_PYTHON, "-c", script], capture_output=True, check=False).returncode == 0


@dataclass
class RtspServer:
    """GStreamer's RTSP server as a process of its own."""

    port: int = field(default_factory=free_port)
    process: "subprocess.Popen[str] | None" = None

    @property
    def source(self) -> str:
        return f"rtsp://operator:secret@127.0.0.1:{self.port}/line"

    def start(self) -> None:
        """Until it listens."""
        script = str(Path(__file__).with_name("rtsp_server.py"))
        self.process = subprocess.Popen([SYSTEM_PYTHON, script, str(self.port)], stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def kill(self) -> None:
        """As a power cut does."""
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None


def rtsp_server() -> RtspServer:
    """A started server; skips at home where it cannot be had, and fails in CI."""
    if not _has_gstreamer():
        message = f"no RTSP server here: apt-get install {PACKAGES}"
        pytest.fail(message, pytrace=False) if os.environ.get("CI") == "true" else pytest.skip(message)
    server = RtspServer()
    server.start()
    return server


@dataclass
class HttpCamera:
    """A camera that sends pictures over HTTP, one after the other (multipart/x-mixed-replace)."""

    port: int = field(default_factory=free_port)
    server: http.server.ThreadingHTTPServer | None = None
    gone: threading.Event = field(default_factory=threading.Event)

    @property
    def source(self) -> str:
        return f"http://operator:secret@127.0.0.1:{self.port}/stream"

    def start(self) -> None:
        self.gone = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), _handler(self.gone))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def kill(self) -> None:
        """Break off every answer, and refuse new questions."""
        self.gone.set()
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None


def _handler(gone: threading.Event) -> type[http.server.BaseHTTPRequestHandler]:
    _, jpeg = cv2.imencode(".jpg", np.full((48, 64, 3), (0, 0, 255), np.uint8))
    head = f"--{PARTS}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={PARTS}")
            self.end_headers()
            try:
                while not gone.wait(0.02):
                    self.wfile.write(head + jpeg.tobytes() + b"\r\n")
            except OSError:
                return

        def log_message(self, *_: object) -> None:
            """Silent."""

    return Handler
