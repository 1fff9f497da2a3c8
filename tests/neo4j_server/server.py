"""A real Neo4j Community server for tests and benchmarks, from the published jars.

    python -m tests.neo4j_server.server [--version 5.26.30] [--home FOLDER] [--password …]

starts one, prints its URL and runs until Ctrl-C. Java 17 or later is needed (21 for versions from 2025 on),
and Maven once, to fetch the jars into the user's cache folder (PRIORY_NEO4J_CACHE names another).
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from functools import lru_cache
from pathlib import Path
from urllib.parse import quote

__all__ = ["NEWEST", "PINNED", "Server", "UnavailableError"]

HERE = Path(__file__).parent
_POM = (HERE / "pom.xml").read_text(encoding="utf-8")
PINNED, NEWEST = (re.findall(f"<neo4j.{name}>(.+)</", _POM)[0] for name in ("version", "newest"))
_PATIENCE = 180.0  # seconds for a start on a busy machine
_NO_PASSWORD = "none"


class UnavailableError(Exception):
    """This machine can't run the server; the message says what it lacks."""


@lru_cache
def java_for(version: str) -> Path:
    """The oldest JDK of this machine that runs a version of Neo4j; JAVA_HOME comes first if it does.

    Raises:
        UnavailableError: There is none.
    """
    needed = 17 if int(version.partition(".")[0]) < 2025 else 21
    homes = [Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else []
    installed = [
        *Path("/usr/lib/jvm").glob("*"),
        *Path("/Library/Java/JavaVirtualMachines").glob("*/Contents/Home"),
    ]
    found = {home: _release(home) for home in (*homes, *installed)}
    if homes and found[homes[0]] >= needed:
        return homes[0] / "bin" / "java"
    fitting = sorted((release, home) for home, release in found.items() if release >= needed)
    if not fitting:
        raise UnavailableError(f"Neo4j {version} needs a JDK {needed} or later, and none is here")
    return fitting[0][1] / "bin" / "java"


def _release(home: Path) -> int:
    """The feature release of a JDK; 0 for what is none: without the compiler a source file can't be run."""
    if not (home / "bin" / "javac").exists() or not (home / "release").is_file():
        return 0
    written = re.search(r'JAVA_VERSION="(?:1\.)?(\d+)', (home / "release").read_text(encoding="utf-8"))
    return int(written[1]) if written else 0


def jars(version: str) -> Path:
    """The folder with the jars of a version, fetched once however many ask at the same time.

    Raises:
        UnavailableError: They are not here and Maven is not either, or it fails.
    """
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    cache = Path(os.environ.get("PRIORY_NEO4J_CACHE") or Path(base, "priory", "neo4j"))
    folder = cache / version
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{version}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _fetch(version, folder)
    return folder


def _fetch(version: str, folder: Path) -> None:
    if shutil.which("mvn") is None:
        raise UnavailableError(f"Maven is needed once, to fetch Neo4j {version}")
    unfinished = Path(tempfile.mkdtemp(prefix=f"{version}-", dir=folder.parent))
    try:
        command = ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:copy-dependencies"]
        command += [f"-Dneo4j.version={version}", "-DincludeScope=runtime", f"-DoutputDirectory={unfinished}"]
        made = subprocess.run(command, check=False, capture_output=True, text=True)
        if made.returncode or not list(unfinished.glob("neo4j-bolt-*.jar")):
            raise UnavailableError(
                f"Maven could not fetch Neo4j {version}: {(made.stdout + made.stderr)[-500:]}"
            )
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


class Server:
    """One server on one home folder and one port, which it keeps when it is started again.

    Args:
        home: Data and logs.
        version: Of Neo4j.
        password: Of the user neo4j; None for a server that asks nobody who they are.
        heap: Of Java.
        port: None for a free one.
    """

    def __init__(
        self,
        home: Path,
        *,
        version: str = PINNED,
        password: str | None = None,
        heap: str = "512m",
        port: int | None = None,
    ) -> None:
        self.home, self.version, self.password, self._heap = home, version, password, heap
        self.port = port or _free_port()
        self._process: subprocess.Popen[str] | None = None

    @property
    def place(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """What ``--kb`` takes."""
        who = f"neo4j:{quote(self.password, safe='')}@" if self.password else ""
        return f"neo4j://{who}{self.place}"

    def start(self, *, read_only: bool = False) -> None:
        """Return when it answers.

        Raises:
            UnavailableError: Java or the jars are missing.
            RuntimeError: It ended instead; the message has the end of its log.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        log = self.home / "launcher.log"
        quiet = ["--enable-native-access=ALL-UNNAMED", "--sun-misc-unsafe-memory-access=allow"]
        java = java_for(self.version)
        command = [str(java), f"-Xms{self._heap}", f"-Xmx{self._heap}"]
        command += quiet if _release(java.parents[1]) >= 24 else []
        command += [
            "-cp",
            f"{jars(self.version)}/*",
            str(HERE / "Launcher.java"),
            str(self.home),
            str(self.port),
        ]
        command += [self.password or _NO_PASSWORD, "read-only" if read_only else "read-write"]
        with log.open("a") as out:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                text=True,
                start_new_session=True,  # Ctrl-C is for us; the server is then asked to end
            )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if line.strip() == "ready":
                return
        self._process.wait()
        raise RuntimeError(f"the server ended: {log.read_text(errors='replace')[-2000:]}")

    @property
    def pid(self) -> int:
        """Of Java."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """Close the database and end; a second call does nothing."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.close()
        self._end()

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        try:
            process.wait(timeout=_PATIENCE)
        finally:
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def main() -> int:
    """Run a server until Ctrl-C."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--version", default=PINNED, help=f"{PINNED} (default), {NEWEST} or another")
    parser.add_argument("--home", type=Path, help="data and logs; a temporary folder without it")
    parser.add_argument("--password", help="of the user neo4j; nobody is asked who they are without it")
    parser.add_argument("--heap", default="1g")
    parser.add_argument("--port", type=int)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        server = Server(
            given.home or Path(folder),
            version=given.version,
            password=given.password,
            heap=given.heap,
            port=given.port,
        )
        try:
            server.start()
            sys.stdout.write(f"neo4j://{server.place}\n")
            sys.stdout.flush()
            while True:
                time.sleep(3600)
        except UnavailableError as lacking:
            sys.stderr.write(f"{lacking}.\n")
            return 1
        except KeyboardInterrupt:
            return 0
        finally:
            server.stop()


if __name__ == "__main__":
    sys.exit(main())
