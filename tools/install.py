"""Install sooner and an extra into .venv: `python tools/install.py race`, or `dev`. Needs the standard library alone.

With uv where it is there and works, else with pip; both keep to constraints.txt. PyTorch's build for NVIDIA GPUs weighs
several GB, so a Linux machine without such a GPU gets the CPU build: uv finds that out by itself, pip is sent to the
index of CPU builds first. Where neither can be reached, pip takes what it is configured to find.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
BEAT = 2.0  # seconds between signs of life while an installer says nothing


def main(extra: str) -> int:
    """Install; the exit status of the last installer that was tried."""
    python = VENV / ("Scripts" if sysconfig.get_platform().startswith("win") else "bin") / "python"
    if not python.exists():
        run("make .venv", [sys.executable, "-m", "venv", str(VENV)])
    constrained = ["--constraint", str(ROOT / "constraints.txt")]
    wanted = [*constrained, "--editable", f"{ROOT}[{extra}]"]
    if uv := shutil.which("uv"):
        status = run(
            "install with uv", [uv, "pip", "install", "--python", str(python), "--torch-backend=auto", *wanted]
        )
        if status == 0:
            return 0
        print("uv could not install it (see above): pip goes on", flush=True)
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    if not os.environ.get("PYTHONDONTWRITEBYTECODE"):  # else what is not compiled now is compiled at every start
        pip.append("--no-compile")  # most modules are never imported: compiling them takes longer than unpacking
    if sys.platform == "linux" and not shutil.which("nvidia-smi") and not installed(python, "torch"):
        # No retries: without a network, or behind a mirror, the next step is the one that counts.
        from_index = ["--index-url", CPU_BUILDS, "--retries", "0", "--timeout", "10"]
        run("install PyTorch for the CPU", [*pip, *from_index, *constrained, "torch"])
    return run("install with pip", [*pip, *wanted])


def installed(python: Path, module: str) -> bool:
    """Whether that interpreter has the module."""
    code = f"import importlib.util, sys; sys.exit(importlib.util.find_spec({module!r}) is None)"
    return subprocess.run([str(python), "-c", code], check=False).returncode == 0


def run(what: str, command: list[str]) -> int:
    """Run `command`, which prints what it does; while it runs say that it does, and at the end how long it took."""
    print(f"--- {what}", flush=True)
    began = time.monotonic()
    with subprocess.Popen(command, cwd=ROOT) as process:
        while True:
            try:
                status = process.wait(BEAT)
                break
            except subprocess.TimeoutExpired:
                print(f"    {what}: {time.monotonic() - began:.0f} s", flush=True)
    print(f"--- {what}: {'done' if status == 0 else 'failed'} after {time.monotonic() - began:.0f} s", flush=True)
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:] or ["race"]))
