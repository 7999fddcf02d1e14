"""A mail server that counts: real SMTP on loopback, as much of it as a sender needs."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Mailbox(socketserver.ThreadingTCPServer):
    """Keeps every envelope recipient it accepted a message for, in order, and the messages."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, each: Callable[[int], None]) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.accepted: list[str] = []
        self.messages: list[bytes] = []
        self.each = each
        self._lock = threading.Lock()

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def accept(self, recipients: list[str], message: bytes) -> None:
        with self._lock:
            self.accepted += recipients
            self.messages.append(message)
            count = len(self.accepted)
        self.each(count)


class _Talk(socketserver.StreamRequestHandler):
    server: Mailbox

    def handle(self) -> None:
        try:
            self._talk()
        except OSError:
            return  # whoever was sending is dead

    def _talk(self) -> None:
        recipients: list[str] = []
        self._say("220 ready")
        while line := self.rfile.readline():
            verb = line.decode().strip()
            if verb.upper().startswith("RCPT TO:"):
                recipients.append(verb[8:].strip(" <>"))
            if verb.upper() == "DATA":
                self._say("354 go on")
                self.server.accept(recipients, self._read_message())
                recipients = []
            self._say("221 bye" if verb.upper() == "QUIT" else "250 ok")

    def _read_message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) and line.rstrip(b"\r\n") != b".":
            lines.append(line)
        return b"".join(lines)

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())


@contextmanager
def mailbox(each: Callable[[int], None] = lambda count: None) -> Iterator[Mailbox]:
    """`each` is told how many were accepted so far, before the sender is answered."""
    server = Mailbox(each)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
