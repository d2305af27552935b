"""Ports for the servers that tests start."""

import socket
from contextlib import closing


def free_port() -> int:
    """A port of loopback that nobody listens on just now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
