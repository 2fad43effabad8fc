"""The program in a child process: forked, so that it starts at once, or traced, so that its system calls can fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from program import COMMAND, Ended, environment

from metta_index.cli import __main__ as entry

#: System calls that change what is on the disk.
WRITING = ("write", "pwrite64", "fsync", "fdatasync", "ftruncate", "rename", "unlink", "mkdir")
KILLED = 137


def forked(*arguments: str | Path, scratch: Path, prepare: Callable[[], object] = lambda: None) -> Ended:
    """Runs the program in a child, where `prepare` is called first. Ended by a signal, its code is 128 + the number."""
    texts = [os.fspath(argument) for argument in arguments]
    paths = scratch / "out", scratch / "err"
    child = os.fork()
    if not child:
        code = 99
        try:
            for number, path in enumerate(paths, 1):
                os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
            sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
            sys.argv = ["metta-index", *texts]
            prepare()
            code = entry._run(texts)
            sys.stdout.flush()
            sys.stderr.flush()
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 98
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    code = os.waitstatus_to_exitcode(status)
    out, err = (path.read_text(encoding="utf-8") for path in paths)
    return Ended(code if code >= 0 else 128 - code, out, err)


def can_trace() -> bool:
    """Whether system calls can be made to fail: strace is there, and tracing is allowed."""
    if shutil.which("strace") is None:
        return False
    probe = subprocess.run(
        ["strace", "-o", os.devnull, "-e", "inject=fsync:error=EIO:when=1", "true"], capture_output=True, check=False
    )
    return probe.returncode == 0


def traced(inject: str, *arguments: str, cwd: Path, log: Path) -> Ended:
    """Runs the program with one rule of strace for its system calls; `log`: where strace writes."""
    rules = [f"inject={inject}"] if inject else []
    rules += ["signal=none", f"trace={','.join(WRITING)}"]
    options = [part for rule in rules for part in ("-e", rule)]
    ended = subprocess.run(
        ["strace", "-f", "-qq", "-o", log, *options, *COMMAND, *arguments],
        cwd=cwd,
        env=environment(PYTHONDONTWRITEBYTECODE="1"),
        capture_output=True,
        check=False,
        timeout=60,
    )
    return Ended(ended.returncode, ended.stdout.decode(), ended.stderr.decode())


def calls(log: Path) -> dict[str, int]:
    """How often each of WRITING was called, by a log of `traced`."""
    counts = dict.fromkeys(WRITING, 0)
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        name = line.partition(" ")[2].strip().partition("(")[0]
        if name in counts:
            counts[name] += 1
    return counts
