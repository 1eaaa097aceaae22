"""A plugin's own module that should not ask the network, and takes no for an answer."""

import contextlib
import socket

from zoo.spec import Spec

with contextlib.suppress(OSError):
    socket.getaddrinfo("localhost", 80)


class Config(Spec):
    """Width of the hidden layer."""

    units: int = 8
