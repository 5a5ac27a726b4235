"""The installer with commands that write down how they were called in place of uv and of .venv's Python."""

import importlib.util
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def install(tmp_path, monkeypatch):
    """The module, on a Linux machine of its own with nothing on PATH but what a test puts there."""
    spec = importlib.util.spec_from_file_location("install", ROOT / "tools" / "install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module.sys, "platform", "linux")
    (tmp_path / "path").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    command(tmp_path, ".venv/bin/python", "*find_spec*) exit 1;; *whl/cpu*) exit 1;;")
    return module


def command(folder, name, cases=""):
    """A program that appends its arguments to `calls`, and ends as `cases` of a shell say, else with 0."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    log = folder / "calls"
    path.write_text(f'#!/bin/sh\necho "{path.name} $*" >> {log}\ncase "$*" in {cases or "-) ;;"} esac\nexit 0\n')
    path.chmod(0o755)


def calls(folder):
    lines = (folder / "calls").read_text().splitlines()
    return [line for line in lines if "find_spec" not in line]


def test_uv_installs_alone_where_it_works(install, tmp_path):
    command(tmp_path, "path/uv")
    assert install.main("race") == 0
    (only,) = calls(tmp_path)
    assert only.startswith(f"uv pip install --python {tmp_path}/.venv/bin/python --torch-backend=auto")
    assert only.endswith(f"--constraint {tmp_path}/constraints.txt --editable {tmp_path}[race]")


def test_pip_goes_on_where_uv_fails(install, tmp_path, capfd):
    command(tmp_path, "path/uv", "*) exit 2;;")
    assert install.main("dev") == 0
    uv, cpu, pip = calls(tmp_path)
    assert (uv.split()[0], cpu.split()[0]) == ("uv", "python")
    assert pip.endswith(f"--constraint {tmp_path}/constraints.txt --editable {tmp_path}[dev]")
    assert "uv could not install it (see above): pip goes on" in capfd.readouterr().out


def test_without_uv_pip_takes_the_cpu_build_where_there_is_no_gpu(install, tmp_path):
    assert install.main("race") == 0
    cpu, pip = calls(tmp_path)
    assert f"--index-url {install.CPU_BUILDS} --retries 0" in cpu
    assert cpu.endswith("constraints.txt torch")
    assert "--index-url" not in pip  # an index that cannot be reached is not asked for anything else


def test_with_a_gpu_pip_takes_the_usual_build(install, tmp_path):
    command(tmp_path, "path/nvidia-smi")
    assert install.main("race") == 0
    (pip,) = calls(tmp_path)
    assert "--index-url" not in pip


def test_a_failure_is_the_status(install, tmp_path):
    command(tmp_path, ".venv/bin/python", "*) exit 7;;")
    assert install.main("race") == 7


def test_a_silent_installer_shows_that_it_lives(install, monkeypatch, capfd):
    monkeypatch.setattr(install, "BEAT", 0.02)
    assert install.run("install", [sys.executable, "-c", "import time; time.sleep(0.2)"]) == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == "--- install"
    assert "    install: 0 s" in lines[1:-1]
    assert lines[-1].startswith("--- install: done after")
