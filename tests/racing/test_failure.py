import pytest

from sooner.racing.failure import Halt, Sentry
from sooner.results.notices import Notice, ScaleDoubted
from sooner.training.divergence import LossWatch
from tests.racing.made import record


@pytest.mark.parametrize(
    ("stopped", "is_failure"),
    [
        (None, False),
        ("the loss became nan by step 312", False),
        ("the loss exploded from 2.3 to 120 by step 40", False),
        ("nothing was trained on: kakurenbo screened out all of the 64 examples of the run", False),
        ("its last metric was nan", False),
        ("it exited with status 1", True),
        ("it was ended by SIGKILL; the system does that when memory runs out", True),
        ("it was silent for 30 s (--timeout)", True),
        ("it ended without a metric: no line of its output matches 'acc'", True),
        ("out of memory on cpu; lower its batch_size (64) or raise accumulate (1)", True),
        ("its process on head was ended 2 times; a system does that when memory runs out", True),
        ("ValueError: the loss became nan", True),
        ("its clock ran back from 3 to 2 s; `seconds` must count from the start of the run, or be left out", True),
    ],
)  # fmt: skip
def test_a_crash_is_a_failure_and_a_divergence_a_result(stopped: str | None, is_failure: bool) -> None:
    assert record("mine", 0, 1.0, stopped=stopped).failed == is_failure


def test_the_words_of_a_divergence_are_those_that_are_known() -> None:
    from lightning_fabric import Fabric
    from torch import tensor

    watch = LossWatch(Fabric(accelerator="cpu", devices=1))
    watch.add(tensor(float("nan")))
    watch.stepped()
    watch.check(1)
    assert watch.failure is not None
    assert not record("mine", 0, 1.0, stopped=watch.failure).failed


def test_the_first_failure_ends_the_race_and_those_that_follow_it_do_not() -> None:
    sentry = Sentry(0.9, lambda notice: None, keep_going=False)
    sentry.run_finished(record("mine", 0, 1.0, metric=0.5))
    crashed = record("mine", 1, 1.0, stopped="it exited with status 1")
    with pytest.raises(Halt) as halted:
        sentry.run_finished(crashed)
    assert (halted.value.record, halted.value.doubt) == (crashed, None)
    sentry.run_finished(crashed)  # while it is wound up
    Sentry(0.9, lambda notice: None, keep_going=True).run_finished(crashed)


def test_a_doubtful_scale_ends_the_race_and_is_noted_once() -> None:
    noted: list[Notice] = []
    share = record("mine", 0, 1.0, metric=0.91)
    with pytest.raises(Halt) as halted:
        Sentry(93.0, noted.append, keep_going=False).run_finished(share)
    assert halted.value.doubt == ScaleDoubted("mine", 0.91, 93.0)
    assert noted == [halted.value.doubt]
    going = Sentry(93.0, noted.append, keep_going=True)
    going.run_finished(share)
    going.run_finished(record("mine", 1, 1.0, metric=0.92))
    assert noted == [ScaleDoubted("mine", 0.91, 93.0)] * 2
