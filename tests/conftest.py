"""What all tests share: a clock that they move themselves, and the names of those that take long."""

import os
from collections.abc import Generator

import pytest

from tests.clock_by_hand import Hand

MOST = 20.0  # seconds of processor time; a test that takes more is named at the end
_BEGAN = pytest.StashKey[float]()
_SPENT = "processor seconds"
_slow: dict[str, float] = {}


@pytest.fixture(autouse=True, scope="session")
def _agreements_of_its_own(tmp_path_factory: pytest.TempPathFactory) -> Generator[None, None, None]:
    """What a user has agreed to is kept in the home; tests neither read nor write that."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture
def hand(monkeypatch: pytest.MonkeyPatch) -> Hand:
    """A clock that is moved by hand, for the modules that are named to its `moves`."""
    return Hand(monkeypatch)


def _spent() -> float:
    """Processor seconds of this process and of the children that it has waited for."""
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.stash[_BEGAN] = _spent()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if call.when == "teardown":  # what a test shares with others is in the first that asks for it
        report.user_properties.append((_SPENT, _spent() - item.stash[_BEGAN]))
    return report


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    seconds = dict(report.user_properties).get(_SPENT, 0.0)
    if report.when == "teardown" and isinstance(seconds, float) and seconds > MOST:
        _slow[report.nodeid] = seconds


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _slow:
        terminalreporter.section(f"more than {MOST:g} s of processor time: make these quicker")
    for name, seconds in sorted(_slow.items(), key=lambda item: -item[1]):
        terminalreporter.line(f"{seconds:6.1f}s  {name}")
