"""The traps that today's race falls into. Whoever mends one takes it off the list: a test compares the two."""

WRONG = (
    "ten null lanes",
    "thirty null lanes",
    "ten null lanes, until decided",
    "any stop of the slider",
    "honest: 1.1x, half of the runs cut, 20 pairs",
    "skewed times, one lane twice as noisy",
    "skewed times, one lane three times as noisy",
    "fitted protocol, one lane three times as noisy",
    "5% slower after one of six lanes",
    "stopped by hand as soon as there is a verdict",
    "compared at another target than was raced to",
)
