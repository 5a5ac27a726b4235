"""The command line in a test: what the fixture `sooner` is, and options of a race that is soon over."""

from collections.abc import Callable

Run = Callable[..., tuple[int, str, str]]  # arguments to (exit status, what it printed, what it complained of)
QUICK = ("--pairs", "2", "--model", "mlp", "--budget", "2ep", "--threads", "1", "--device", "cpu")
