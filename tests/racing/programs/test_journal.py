import math

from sooner.racing.programs.journal import Journal
from sooner.racing.programs.reading import Reading
from sooner.racing.programs.reports import Message
from sooner.training.evaluation import Evaluation


def _told(
    *readings: tuple[float, Reading], reports: bool = True, reported: bool = False, own_seconds: bool = False
) -> Journal:
    journal = Journal(0.0, lambda look: None, reports=reports, own_seconds=own_seconds)
    for moment, reading in readings:
        journal.take(Message(moment, reading, reported=reported))
    return journal


def test_steps_and_examples_that_are_not_told_are_numbered() -> None:
    journal = _told((1.0, Reading(0.1)), (2.0, Reading(0.2)), (3.0, Reading(0.3)))
    assert journal.looks == [Evaluation(1.0, 1, 1, 0.1), Evaluation(2.0, 2, 2, 0.2), Evaluation(3.0, 3, 3, 0.3)]


def test_examples_follow_the_steps_until_they_are_told() -> None:
    readings = [Reading(0.1, step=10), Reading(0.2, step=20, examples=640), Reading(0.3), Reading(0.4, 40, 1280)]
    journal = _told(*enumerate(readings, 1))
    assert [(look.step, look.examples) for look in journal.looks] == [(10, 10), (20, 640), (21, 640), (40, 1280)]


def test_a_program_s_own_seconds_are_used_only_if_asked_for() -> None:
    told = ((5.0, Reading(0.1, seconds=2.0)), (9.0, Reading(0.2, seconds=4.0)), (10.0, Reading(0.3)))
    used, unused = _told(*told, own_seconds=True), _told(*told)
    assert [look.seconds for look in used.looks] == [2.0, 4.0, 5.0]
    assert [look.seconds for look in unused.looks] == [5.0, 9.0, 10.0]
    assert used.told_seconds
    assert unused.told_seconds
    assert not _told((1.0, Reading(0.1))).told_seconds
    assert (
        _told((5.0, Reading(0.1, seconds=3.0)), (6.0, Reading(0.9, seconds=2.0))).fault is None
    )  # nor can they be at fault


def test_a_clock_that_runs_back_is_a_fault() -> None:
    journal = _told(
        (5.0, Reading(0.1, seconds=3.0)), (6.0, Reading(0.9, seconds=2.0)), (7.0, Reading(0.9)), own_seconds=True
    )
    assert journal.fault is not None
    assert "ran back from 3 to 2 s" in journal.fault
    assert len(journal.looks) == 1


def test_counts_that_run_back_are_a_fault() -> None:
    for back in (Reading(0.9, step=5), Reading(0.9, step=20, examples=5)):
        journal = _told((1.0, Reading(0.1, step=10, examples=640)), (2.0, back))
        assert "steps or examples ran back" in (journal.fault or "")
        assert len(journal.looks) == 1


def test_a_metric_that_is_not_finite_is_no_look() -> None:
    journal = _told((1.0, Reading(0.1)), (2.0, Reading(math.nan)))
    assert len(journal.looks) == 1
    assert math.isnan(journal.broken or 0.0)
    journal.take(Message(3.0, Reading(0.2)))
    assert journal.broken is None
    assert [look.metric for look in journal.looks] == [0.1, 0.2]


def test_more_than_ten_thousand_looks_are_a_fault() -> None:
    journal = _told(*((float(n), Reading(0.1)) for n in range(10_001)))
    assert "more than 10,000 metrics" in (journal.fault or "")
    assert "10,000" not in (_told(*((float(n), Reading(0.1)) for n in range(10_000))).fault or "")


def test_where_a_pattern_reads_the_metric_reports_only_pause_the_clock() -> None:
    journal = Journal(0.0, lambda look: None, reports=False)
    journal.take(Message(1.0, pause=True))
    journal.take(Message(2.5, Reading(0.7)))  # printed while it evaluates
    journal.take(Message(3.0, Reading(0.7), resume=True, reported=True))
    journal.take(Message(4.0, Reading(0.8)))
    assert [(look.seconds, look.metric) for look in journal.looks] == [(1.0, 0.7), (2.0, 0.8)]
