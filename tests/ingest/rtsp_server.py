"""A real RTSP server for the tests: GStreamer's, run by the system's Python: `rtsp_server.py PORT`.

rtsp://operator:secret@127.0.0.1:PORT/line plays a test picture as H.264, ten frames a second; without the password it
refuses. Prints `ready` once it listens.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402 - gi wants its versions first

PLAY = (
    "( videotestsrc is-live=true pattern=red ! video/x-raw,width=160,height=120,framerate=10/1"
    " ! x264enc tune=zerolatency key-int-max=5 ! rtph264pay name=pay0 )"
)


def guarded_factory() -> "GstRtspServer.RTSPMediaFactory":
    """What is played, for whoever has the role `user`."""
    factory = GstRtspServer.RTSPMediaFactory()
    factory.set_launch(PLAY)
    factory.set_shared(True)
    permissions = GstRtspServer.RTSPPermissions()
    for right in ("media.factory.access", "media.factory.construct"):
        permissions.add_permission_for_role("user", right, True)
    factory.set_permissions(permissions)
    return factory


def password() -> "GstRtspServer.RTSPAuth":
    """operator:secret has the role `user`; nobody else has one."""
    auth = GstRtspServer.RTSPAuth()
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic("operator", "secret"), token)
    return auth


def serve(port: str) -> None:
    """Until the process is killed."""
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    server.set_auth(password())
    server.get_mount_points().add_factory("/line", guarded_factory())
    if not server.attach(None):
        sys.exit(f"port {port} is taken")
    print("ready", flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    serve(sys.argv[1])
