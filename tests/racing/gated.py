"""A model that stops in the midst of training until it may go on, so that a test finds a race where it wants it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor, nn

ROOT = Path(__file__).parents[2]
MODEL = f"{__name__}:net"
_GATE, _AT = "GATE", "GATE_AT"  # a file that is there as long as the model must wait, and at which training step
_steps = 0


class Gated(nn.Module):
    """A linear classifier."""

    def __init__(self, inputs: int, classes: int) -> None:
        super().__init__()
        self.linear = nn.Linear(inputs, classes)

    def forward(self, inputs: Tensor) -> Tensor:
        if self.training and torch.is_grad_enabled():
            _wait_at_the_gate()
        logits: Tensor = self.linear(inputs.flatten(1))
        return logits


def net(shape: tuple[int, ...], classes: int) -> nn.Module:
    """The model, as a user's own."""
    return Gated(torch.Size(shape).numel(), classes)


def _wait_at_the_gate() -> None:
    global _steps
    _steps += 1
    gate = os.environ.get(_GATE)
    if gate is None or _steps != int(os.environ[_AT]):
        return
    Path(gate).touch()
    while Path(gate).exists():
        time.sleep(0.01)


@contextmanager
def halted(command: list[str], gate: Path, *, at: int) -> Iterator[subprocess.Popen[str]]:
    """`sooner` with these arguments in a process that waits in its training step `at`; it goes on when this is left."""
    with subprocess.Popen(
        [sys.executable, "-m", "sooner.cli", *command],
        cwd=ROOT,
        env={**os.environ, _GATE: str(gate), _AT: str(at)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # A shell has what it runs in the background ignore interrupts, and the tests may be run there.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ) as process:
        try:
            while not gate.exists():
                assert process.poll() is None, process.communicate()[0]
                time.sleep(0.02)
            yield process
        except BaseException:
            process.kill()
            raise
        finally:
            gate.unlink(missing_ok=True)


def interrupted(command: list[str], gate: Path, *, at: int) -> tuple[int, str]:
    """The exit status of such a process that gets Ctrl-C while it waits, and what it printed."""
    with halted(command, gate, at=at) as process:
        process.send_signal(signal.SIGINT)
        gate.unlink()
        printed = process.communicate()[0]
    return process.returncode, printed
