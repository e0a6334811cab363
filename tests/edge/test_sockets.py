"""Whoever waits can end the wait of whoever reads, before, while and after there is a socket."""

import socket
import threading

import pytest

from edge.sockets import HeldSocket


def test_a_reader_wakes_when_its_socket_is_cut() -> None:
    ours, theirs = socket.socketpair()
    held, read = HeldSocket(), []
    with ours, theirs:
        held.hold(ours)
        reader = threading.Thread(target=lambda: read.append(ours.recv(1)))
        reader.start()
        held.cut()
        reader.join(60.0)
    assert read == [b""]
    assert held.is_cut


def test_what_was_given_up_holds_no_further_socket() -> None:
    held = HeldSocket()
    held.cut()
    with pytest.raises(ConnectionAbortedError, match="given up"):
        held.hold(None)


def test_a_socket_that_was_released_is_not_cut() -> None:
    ours, theirs = socket.socketpair()
    held = HeldSocket()
    with ours, theirs:
        held.hold(ours)
        held.release()
        held.cut()
        theirs.send(b"x")
        assert ours.recv(1) == b"x"
