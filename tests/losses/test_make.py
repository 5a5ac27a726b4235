import pytest

from sooner import losses


def test_by_name_with_options():
    assert repr(losses.make("elr", n=7, classes=3, strength=1.0)) == "ELR(n=7, classes=3, strength=1.0)"
    assert losses.make("cross-entropy", n=7, classes=3, label_smoothing=0.1) == losses.CrossEntropy(0.1)


def test_what_is_wrong_is_named():
    with pytest.raises(KeyError, match="no losses method is named 'hinge'; there are: cross-entropy, elr"):
        losses.make("hinge", n=7, classes=3)
    with pytest.raises(TypeError, match="ps-kd has no option beta; its options are: alpha, memory, ignore_index"):
        losses.make("ps-kd", n=7, classes=3, beta=0.5)
    with pytest.raises(ValueError, match="n must be at least 1, not 0"):
        losses.make("ps-kd", n=0, classes=3)
    with pytest.raises(ValueError, match="classes must be at least 2, not 1"):
        losses.make("elr", n=3, classes=1)
    with pytest.raises(ValueError, match="memory must be one of device, host, not 'disk'"):
        losses.make("elr", n=3, classes=2, memory="disk")
    for name in ("cross-entropy", "elr", "ps-kd", "stablemax", "z-loss"):
        with pytest.raises(TypeError, match=r"ignore_index must be a whole number, not 0\.5"):
            losses.make(name, n=3, classes=2, ignore_index=0.5)
