import re

import pytest

from sooner.reporting.notices import notice
from sooner.results.notices import Notice
from sooner.results.suspicions import (
    CarriedOver,
    EvaluationLonger,
    FirstRunSlower,
    HeadStart,
    LeftBehind,
    MetricInflated,
    SeedIgnored,
    StartedAgain,
    StillComputing,
)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (SeedIgnored("x", 8, 1), "^the 8 runs of x are one run: their metrics are identical .* it ignores its seed, "),
        (SeedIgnored("x", 8, 2), "^of 8 runs of x no more than 2 differ: their metrics are identical "),
        (
            MetricInflated("x", "y", 0.0812, 0.07, 0.09),
            r"^the validation metric of x lies 0\.0812 further above its test metric than that of y "
            r"\(95% CI 0\.0700 to 0\.0900\): it may have seen the validation examples",
        ),
        (
            EvaluationLonger("x", "y", 4.0, 0.5, 0.6),
            r"^evaluations take 8\.00 times as long in x as in y: 4\.00 s each, against 0\.500 s, off .* 60% ",
        ),
        (EvaluationLonger("x", "y", 4.0, 0.0, 0.6), "^evaluations take much longer in x than in y: "),
        (
            FirstRunSlower("x", 5.21, 1.0),
            r"^the first run of x took 5\.21 times as long for a step as its later ones: what it paid for, such as a ",
        ),
        (FirstRunSlower("x", 5.21, 1.3), r"as its later ones \(1\.3 times in other lanes\): "),
        (
            CarriedOver("x", 0.1, 0.7),
            r"^later runs of x began with the metric 0\.700, and its first run with 0\.100: .* carried over from an ",
        ),
        (
            HeadStart("x", "y", 0.6, 0.1),
            r"^before any training x had the metric 0\.600, and y 0\.100: .* on its clock$",
        ),
        (
            StartedAgain("x", 6, 10, "y", 0, 10),
            "^6 of 10 runs of x were interrupted and taken up again, 0 of 10 of y: .* and let every run end$",
        ),
        (
            StillComputing("x", "thread", "Thread-1 (work)", 0.48),
            r"^a thread that a run of x had started \(Thread-1 \(work\)\) computed on after it, on 48% of a core: ",
        ),
        (
            LeftBehind("x", ("torch.set_default_dtype(torch.float64)", "gc.isenabled() is False")),
            r"^x left torch\.set_default_dtype\(torch\.float64\), gc\.isenabled\(\) is False behind; put back after ",
        ),
    ],
)
def test_every_kind_has_its_sentence(given: Notice, words: str) -> None:
    assert re.search(words, notice(given))
