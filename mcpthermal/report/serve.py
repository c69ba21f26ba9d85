"""A page for this machine's browser: served on localhost alone, until it is stopped."""

from __future__ import annotations

import functools
import http.server
from pathlib import Path

from mcpthermal.errors import InputError, OutputError

HIGHEST_PORT = 65535


class _Handler(http.server.SimpleHTTPRequestHandler):
    """Silent, and of its folder only the page."""

    def log_message(self, format: str, *arguments: object) -> None:
        return

    def list_directory(self, path: object) -> None:  # type: ignore[override]
        self.send_error(404)


def make_server(folder: Path, port: int = 0) -> http.server.ThreadingHTTPServer:
    """A server of a folder's ``index.html``; port 0 takes a free one.

    Raises
    ------
    InputError
        If there is no such port.
    OutputError
        If the port is taken.
    """
    if not 0 <= port <= HIGHEST_PORT:
        raise InputError(f"the port {port} must be from 1 to {HIGHEST_PORT}, or 0 for a free one")
    handler = functools.partial(_Handler, directory=str(folder))
    try:
        return http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
    except OSError as error:
        raise OutputError(
            f"the port {port} cannot be used ({error.strerror}); give another, or 0 for a free one"
        ) from error
