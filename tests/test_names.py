from sooner._names import closest


def test_the_name_most_like_it_comes_first_and_then_all() -> None:
    assert closest("Mnst", ["digits", "mnist"]) == "did you mean 'mnist'? allowed: digits, mnist"
    assert closest("cifar", ["digits", "mnist"]) == "allowed: digits, mnist"
    assert closest(3, ["lr"]) == "allowed: lr"
