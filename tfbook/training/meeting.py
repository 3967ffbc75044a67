"""Workers that look for each other, before TensorFlow does.

TensorFlow waits without end for a worker that never comes, and says in its own words,
if at all, that a port is taken. So each worker first listens where it is to be found,
and looks for all the others there.
"""

import contextlib
import os
import socket
import socketserver
import threading
import time


def meet(own: str, addresses: list[str], timeout: float) -> None:
    """Wait until every worker is at its address.

    It has asked all others, and all have asked it, when it goes on. Somebody else who
    happens to listen there does not know the cluster.

    Raises:
        OSError: If the own port is taken.
        TimeoutError: If a worker does not come in time.
    """
    deadline = time.monotonic() + timeout
    try:
        server = Meeting(own, addresses)
    except OSError as error:
        raise OSError(
            f"TF_CONFIG: expected a free port for this worker, got {own}, which is not "
            f"({error.strerror}); choose another one, or end the process that uses it"
        ) from None
    others = {*addresses} - {own}
    there: set[str] = set()
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        while True:
            there |= {each for each in others - there if server.is_at(each)}
            if not (missing := others - (there & server.seen)):
                return
            if time.monotonic() > deadline:
                raise TimeoutError(
                    f"TF_CONFIG: expected {len(addresses)} workers within "
                    f"{timeout:g} seconds, got no answer from "
                    f"{', '.join(sorted(missing))}; start all of them with the same "
                    "cluster, and check that the network lets them through"
                )
            time.sleep(0.1)
    finally:
        server.shutdown()
        server.server_close()


class Meeting(socketserver.ThreadingTCPServer):
    """Listens where a worker is to be found, and tells the others who it is."""

    allow_reuse_address = os.name == "posix"  # elsewhere it lets two have one port
    daemon_threads = True

    def __init__(self, own: str, addresses: list[str]) -> None:
        self.own = own
        self.password = f"tfbook {' '.join(addresses)}\n".encode()
        self.seen: set[str] = set()
        # On every interface: the name of a host may be one that only others know.
        super().__init__(("", int(own.rpartition(":")[2])), Answer)

    def is_at(self, address: str) -> bool:
        """Whether another worker of the same cluster is at an address."""
        host, _, port = address.rpartition(":")
        try:
            with socket.create_connection((host, int(port)), timeout=1) as connection:
                connection.sendall(f"{self.own}\n".encode())
                return connection.makefile("rb").readline(10**6) == self.password
        except OSError:
            return False


class Answer(socketserver.StreamRequestHandler):
    """Answers another worker."""

    server: Meeting
    timeout = 1

    def handle(self) -> None:
        """Tell which cluster this is."""
        with contextlib.suppress(OSError):
            asking = self.rfile.readline(1000).decode(errors="replace").strip()
            self.wfile.write(self.server.password)
            self.server.seen.add(asking)
