import sys
from pathlib import Path

import pytest
import torch

from sooner import cli
from tests.commands.line import Run


@pytest.fixture
def sooner(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run the command line in an empty folder, 120 columns wide; gives its exit status and what it printed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")
    threads = torch.get_num_threads()

    def run(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["sooner", *arguments])
        status = 0
        try:
            cli.main()
        except SystemExit as end:
            status = end.code if isinstance(end.code, int) else 0
        finally:
            torch.set_num_threads(threads)
        printed = capsys.readouterr()
        return status, printed.out, printed.err

    return run
