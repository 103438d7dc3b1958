"""AWS's own command line without its start: one process imports it, and each call is a fork of that process.

The start takes 0.4 s of processor time, and the tests of a life cycle call it hundreds of times.
"""

import importlib
import json
import os
import select
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def warm_aws() -> Iterator[str]:
    """The command, for a shell, that calls `aws`; it works until the block ends."""
    with TemporaryDirectory() as folder, socket.socket(socket.AF_UNIX) as listener:
        address = Path(folder, "aws.socket")
        listener.bind(str(address))
        listener.listen()
        files = [listener.fileno()]
        command = [sys.executable, __file__, *map(str, files)]
        # The end of this process closes the input, and the server ends then: also after SIGKILL.
        with subprocess.Popen(command, pass_fds=files, stdin=subprocess.PIPE):
            yield shlex.join([sys.executable, "-I", "-S", __file__, str(address)])


def _serve(listener: socket.socket) -> None:
    aws = importlib.import_module("awscli.clidriver")
    importlib.import_module("awscli.handlers")
    models = os.environ["AWS_DATA_PATH"]  # the import sets it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # no fork becomes a zombie
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        connection, _ = listener.accept()
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _, files, _, _ = socket.recv_fds(connection, 1, 3)
            for number, file in enumerate(files):
                os.dup2(file, number)
            with connection.makefile() as call:
                sys.argv, variables, folder = json.load(call)
            os.environ.clear()
            os.environ.update(variables | {"AWS_DATA_PATH": models})
            os.chdir(folder)
            try:
                code = aws.main()
            except SystemExit as end:
                code = end.code
            sys.stdout.flush()
            connection.send(bytes([code or 0]))
            os._exit(0)
        connection.close()


def _call(address: str, arguments: list[str]) -> int:
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        socket.send_fds(server, [b" "], [0, 1, 2])
        server.sendall(
            json.dumps([["aws", *arguments], dict(os.environ), str(Path.cwd())]).encode()
        )
        server.shutdown(socket.SHUT_WR)
        return server.recv(1)[0]


if __name__ == "__main__":
    place, *given = sys.argv[1:]
    if place.isdecimal():
        _serve(socket.socket(fileno=int(place)))
    else:
        sys.exit(_call(place, given))
