import pytest
import torch
from accelerate.state import AcceleratorState, GradientState


@pytest.fixture(autouse=True)
def one_thread():
    """So that a forked process finds no thread pool to wait for."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(autouse=True)
def fresh_accelerate():
    """Accelerate keeps what it knows of the processes and of gradients for as long as Python runs."""
    yield
    AcceleratorState._reset_state(reset_partial_state=True)
    GradientState._reset_state()
