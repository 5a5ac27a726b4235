from sooner.racing.programs.reading import Reading
from sooner.racing.programs.reports import Message
from sooner.racing.programs.sources import Sources
from sooner.training.evaluation import Evaluation


def test_standard_error_counts_until_standard_output_has_a_metric() -> None:
    seen: list[Evaluation] = []
    sources = Sources(0.0, seen.append, reports=True)
    sources.take(Message(1.0, Reading(0.1), error=True))
    assert sources.journal.looks == seen == [Evaluation(1.0, 1, 1, 0.1)]
    sources.take(Message(2.0, Reading(0.7)))
    sources.take(Message(3.0, Reading(0.2), error=True))
    assert sources.journal.looks == [Evaluation(2.0, 1, 1, 0.7)]
    assert seen[1:] == sources.journal.looks


def test_a_pause_stops_both_clocks() -> None:
    sources = Sources(0.0, lambda look: None, reports=False)
    sources.take(Message(1.0, pause=True))
    sources.take(Message(4.0, Reading(0.5), resume=True, reported=True))  # which is not to count
    sources.take(Message(5.0, Reading(0.6), error=True))
    assert sources.journal.looks == [Evaluation(2.0, 1, 1, 0.6)]


def test_a_fault_on_standard_error_ends_no_run_that_may_yet_print_its_metric() -> None:
    sources = Sources(0.0, lambda look: None, reports=True, target=0.9)
    for step in 10, 5:
        sources.take(Message(1.0, Reading(0.5, step), error=True))
    assert "ran back" in (sources.journal.fault or "")
    assert sources.fault is None
    sources.take(Message(2.0, Reading(0.5)))
    assert sources.journal.fault is None


def test_a_percentage_on_standard_error_does() -> None:
    sources = Sources(0.0, lambda look: None, reports=True, target=0.9)
    sources.take(Message(1.0, Reading(50.0), error=True))
    assert "metric 50 against the target 0.9" in (sources.fault or "")
    assert Sources(0.0, lambda look: None, reports=True).fault is None
