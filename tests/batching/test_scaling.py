import pytest

from sooner.batching import LinearScaling, SqrtScaling


def test_the_factors():
    assert LinearScaling(4096, reference=128).lr_scale == 32.0
    assert SqrtScaling(4096, reference=256).lr_scale == 4.0
    assert LinearScaling(64, reference=128).lr_scale == 0.5
    assert SqrtScaling(32, reference=128).lr_scale == 0.5
    assert LinearScaling(128, reference=128, warmup=0.5).lr_scale == 1.0


@pytest.mark.parametrize(("rule", "half_way"), [(LinearScaling, 8.5), (SqrtScaling, 2.5)])
def test_the_factor_rises_from_one_in_a_line(rule, half_way):
    batching = rule(1600, reference=100, warmup=0.2)
    found = []
    for progress in (0.0, 0.1, 0.2, 0.7, 1.0):
        batching.step(progress)
        found.append(batching.lr_scale)
    full = 16.0 if rule is LinearScaling else 4.0
    assert found == pytest.approx([1.0, half_way, full, full, full])


def test_before_the_first_step_it_is_the_references():
    assert LinearScaling(1600, reference=100, warmup=0.2).lr_scale == 1.0
    assert LinearScaling(1600, reference=100).lr_scale == 16.0


def test_a_smaller_batch_has_no_warm_up():
    assert LinearScaling(50, reference=100, warmup=0.2).lr_scale == 0.5


def test_it_continues_in_the_middle_of_the_warm_up():
    batching = LinearScaling(1600, reference=100, warmup=0.2)
    batching.step(0.1)
    resumed = LinearScaling(1600, reference=100, warmup=0.2)
    resumed.load_state_dict(batching.state_dict())
    assert resumed.lr_scale == batching.lr_scale == pytest.approx(8.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"reference": 0}, "reference must be at least 1"),
        ({"reference": 8, "warmup": 1.0}, "warmup must be at least 0 and below 1"),
        ({"reference": 8, "warmup": -0.1}, "warmup must be at least 0"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        SqrtScaling(8, **options)
    with pytest.raises(ValueError, match="progress must be at least 0 and at most 1"):
        SqrtScaling(8, reference=4).step(1.5)
