from sooner.racing.programs.clock import ProgramClock


def test_it_counts_from_the_start_and_stands_still_in_pauses():
    clock = ProgramClock(100.0)
    assert clock.seconds(101.0) == 1.0
    clock.pause(102.0)
    assert clock.seconds(104.0) == 2.0
    clock.resume(105.0)
    assert clock.seconds(106.0) == 3.0
    assert clock.paused == 3.0


def test_a_pause_within_a_pause_is_the_same_pause():
    clock = ProgramClock(0.0)
    clock.pause(1.0)
    clock.pause(2.0)
    clock.resume(3.0)
    clock.resume(4.0)
    assert clock.seconds(5.0) == 3.0
    assert clock.paused == 2.0


def test_it_never_runs_back_by_itself():
    clock = ProgramClock(0.0)
    assert clock.seconds(5.0) == 5.0
    assert clock.seconds(4.0) == 5.0
    clock.pause(3.0)  # told late: what was counted stays counted
    clock.resume(6.0)
    assert clock.seconds(7.0) == 6.0


def test_a_program_that_knows_its_seconds_is_believed():
    clock = ProgramClock(0.0)
    clock.set(10.0, 7.5)
    assert clock.seconds(10.0) == 7.5
    clock.pause(11.0)
    clock.resume(13.0)
    assert clock.seconds(14.0) == 9.5
