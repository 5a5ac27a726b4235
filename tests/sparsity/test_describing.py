"""Arguments: shown, refused, and what the records say."""

import inspect

import pytest
from tests.sparsity.nets import METHODS, batches, every_method, loss_of, mlp, sgd, sparse


def test_the_nine_methods_are_there():
    assert {method.name for method in METHODS} == {
        "random-pruning",
        "magnitude-gradual",
        "snip",
        "grasp",
        "synflow",
        "set",
        "rigl",
        "granet",
        "dst-ee",
    }


@every_method
def test_repr_makes_it_again(method):
    model = mlp()
    optimizer = sgd(model)
    given = {"model": model, "optimizer": optimizer, "batches": batches(), "loss": loss_of}
    made = sparse(method, model, optimizer, exclude=("4",))
    text = repr(made)
    assert "density=0.2" in text
    assert "exclude=('4',)" in text
    again = eval(text, {method.make.__name__: method.make, **given})
    assert repr(again) == text
    assert again.state_dict()["options"] == made.state_dict()["options"]


@every_method
def test_bad_arguments_are_named(method):
    for option, value, text in (
        ("density", 0, "density must be above 0 and at most 1, not 0"),
        ("density", "few", "density must be above 0 and at most 1, not 'few'"),
        ("density", 0.01, "density=0.01 of 136 weights is 1, too few for one in each of 3 layers"),
        ("exclude", ("5",), "exclude names '5'"),
        ("seed", 0.5, "seed must be a whole number, not 0.5"),
        ("every", 0, "every must be at least 1, not 0"),
        ("until", 0, "until must be above 0 and at most 1, not 0"),
        ("fraction", 1.5, "fraction must be at least 0 and at most 1, not 1.5"),
        ("distribution", "same", "distribution must be one of uniform, erk, er or a mapping"),
    ):
        if option in method.parameters:
            model = mlp()
            with pytest.raises((ValueError, TypeError), match=text):
                sparse(method, model, sgd(model), **{option: value})
    model = mlp()
    sparsity = sparse(method, model, sgd(model))
    with pytest.raises(ValueError, match=r"progress must be at least 0 and at most 1, not 1.2"):
        sparsity.step(1.2)
    with pytest.raises(TypeError, match=f"{method.name} has no option colour; its options are"):
        sparse(method, model, sgd(model), colour="red")


@every_method
def test_its_record_is_complete(method):
    assert all((method.title, method.paper, method.changes, method.costs, method.helps, method.hurts))
    assert "density" in method.options
    signature = inspect.signature(method.make, eval_str=True)
    assert all(parameter.annotation is not parameter.empty for parameter in signature.parameters.values())
    assert "Args:" in inspect.getdoc(method.make)
    assert "Source:" in inspect.getdoc(method.make)
