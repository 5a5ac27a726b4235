import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sooner.sparsity import counts, densities

SHAPES = {"conv": (8, 4, 3, 3), "wide": (100, 50), "out": (10, 100)}


def test_uniform():
    assert densities(SHAPES, 0.3, "uniform") == pytest.approx(dict.fromkeys(SHAPES, 0.3))


def test_erdos_renyi_kernel_by_hand():
    # proportions 18/288 = 0.0625, 150/5000 = 0.03, 110/1000 = 0.11; weighted by size they are 18 + 150 + 110 = 278
    # live weights 0.1 * 6288 = 628.8 = 278 eps, eps = 2.26187..., none above 1
    eps = 628.8 / 278
    found = densities(SHAPES, 0.1, "erk")
    assert found == pytest.approx({"conv": 0.0625 * eps, "wide": 0.03 * eps, "out": 0.11 * eps})
    # At 0.5: 3144 / 278 = 11.3 makes "out" dense; then (3144 - 1000) / 168 = 12.76, 0.0625 of which is 0.7976
    eps = (3144 - 1000) / 168
    assert densities(SHAPES, 0.5, "erk") == pytest.approx({"conv": 0.0625 * eps, "wide": 0.03 * eps, "out": 1.0})
    # At 0.8: (5030.4 - 1000) / 168 = 23.99, "conv" 1.499 is dense too; the rest is (5030.4 - 1288) / 5000
    assert densities(SHAPES, 0.8, "erk") == pytest.approx({"conv": 1.0, "wide": 3742.4 / 5000, "out": 1.0})


def test_erdos_renyi_has_no_kernel_term():
    # (8 + 4) / 32 = 0.375 of 288 is 108; 150; 110: 368 together
    eps = 628.8 / 368
    assert densities(SHAPES, 0.1, "er") == pytest.approx({"conv": 0.375 * eps, "wide": 0.03 * eps, "out": 0.11 * eps})


def test_a_mapping_is_kept_where_it_comes_to_the_density_and_scaled_where_not():
    shapes = {"a": (10, 10), "b": (10, 30)}
    given = {"a": 0.4, "b": 0.2}
    assert densities(shapes, 0.25, given) == pytest.approx(given)
    assert densities(shapes, 0.125, given) == pytest.approx({"a": 0.2, "b": 0.1})
    assert counts(shapes, 0.25, given) == {"a": 40, "b": 60}


def test_counts_are_rounded_by_the_largest_remainder():
    # 0.3 of 7, 5 and 3 weights: 2.1, 1.5, 0.9; round(4.5) = 4 in all: 2 + 1 + 0 and one more for the 0.9
    shapes = {"a": (7, 1), "b": (5, 1), "c": (3, 1)}
    assert counts(shapes, 0.3, "uniform") == {"a": 2, "b": 1, "c": 1}
    assert counts(shapes, 0.5, "uniform") == {"a": 4, "b": 3, "c": 1}  # 3.5, 2.5, 1.5, 8 in all: ties to the earlier


def test_every_layer_has_one():
    shapes = {"small": (2, 1), "large": (1000, 1)}
    assert counts(shapes, 0.01, "uniform") == {"small": 1, "large": 9}


@given(
    sizes=st.lists(st.tuples(st.integers(1, 20), st.integers(1, 20), st.integers(1, 3)), min_size=1, max_size=6),
    density=st.floats(0.001, 1),
    distribution=st.sampled_from(["uniform", "er", "erk"]),
)
@settings(max_examples=80, deadline=None)
def test_counts_are_exact(sizes, density, distribution):
    shapes = {str(k): size for k, size in enumerate(sizes)}
    total = sum(math.prod(shape) for shape in shapes.values())
    if round(density * total) < len(shapes):
        with pytest.raises(ValueError, match="too few for one in each of"):
            counts(shapes, density, distribution)
        return
    shares = densities(shapes, density, distribution)
    assert math.fsum(shares[name] * math.prod(shape) for name, shape in shapes.items()) == pytest.approx(
        density * total
    )
    assert all(0 < share <= 1 for share in shares.values())
    found = counts(shapes, density, distribution)
    assert sum(found.values()) == round(density * total)
    assert all(1 <= found[name] <= math.prod(shape) for name, shape in shapes.items())
    if all(math.floor(shares[name] * math.prod(shape)) >= 1 for name, shape in shapes.items()):
        assert all(abs(found[name] - shares[name] * math.prod(shape)) <= 1 for name, shape in shapes.items())


def test_errors():
    many = {"large": (6281, 1), **{str(k): (1, 1) for k in range(7)}}
    with pytest.raises(
        ValueError, match=r"density=0.001 of 6288 weights is 6, too few.* 8 layers: it must be at least 0"
    ):
        counts(many, 0.001, "erk")
    with pytest.raises(ValueError, match=r"distribution must be one of uniform, erk, er or a mapping .*, not 'kernel'"):
        densities(SHAPES, 0.1, "kernel")
    with pytest.raises(ValueError, match="it lacks out, wide and has last"):
        densities(SHAPES, 0.1, {"conv": 1.0, "last": 1.0})
    with pytest.raises(ValueError, match="distribution must give layer 'out' a number above 0, not 0"):
        densities(SHAPES, 0.1, {"conv": 1.0, "wide": 1.0, "out": 0})
