"""What holds of every method: the model, the optimizer and the masks stay in step, whatever happens around them."""

import copy
import inspect
import io
import itertools
import pickle
import random

import numpy as np
import pytest
import torch
from pytorch_optimizer import Lookahead
from tests.sparsity.nets import batches, convnet, loss_of, mlp, sgd, train
from torch import nn

from sooner.registry import methods
from sooner.sparsity import MagnitudeGradual, RandomPruning, RigL, make

METHODS = methods(seam="sparsity")
GROWING = ["rigl", "granet", "dst-ee"]
STEPS = 16
every_method = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)


def sparse(method, model, optimizer, **options):
    name = method if isinstance(method, str) else method.name
    example = {} if isinstance(method, str) else dict(method.example)
    return make(name, model, optimizer, batches=batches(), loss=loss_of, **{**example, **options})


OPTIMIZERS = {
    "sgd": lambda model: sgd(model, momentum=0.9),
    "adam": lambda model: torch.optim.Adam(model.parameters(), lr=0.01, foreach=True, amsgrad=True),
    "fused": lambda model: torch.optim.AdamW(model.parameters(), lr=0.01, weight_decay=0.1, fused=True),
    "lookahead": lambda model: Lookahead(sgd(model, momentum=0.9), k=3),
}


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
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_dead_weights_and_their_state_are_zero_after_every_step(method, optimizer):
    model = mlp()
    optimizer = OPTIMIZERS[optimizer](model)
    sparsity = sparse(method, model, optimizer)
    previous = sparsity.masks
    moved = False

    def check(step):
        nonlocal previous, moved
        for name, mask in sparsity.masks.items():
            weight = model.get_submodule(name).weight
            grown = mask & ~previous[name]
            assert not weight[~mask].any()
            assert not weight[grown].any()
            for state in (optimizer.state[weight], getattr(optimizer, "optimizer", optimizer).state[weight]):
                for value in state.values():
                    if isinstance(value, torch.Tensor) and value.shape == weight.shape:
                        assert not value[~mask | grown].any()
            moved |= bool(grown.any())
        previous = sparsity.masks

    before = [mask.clone() for mask in sparsity.masks.values()]
    train(model, optimizer, sparsity, STEPS, after=check)
    assert sum(int(mask.sum()) for mask in sparsity.masks.values()) == round(0.2 * 136)
    assert sparsity.density == round(0.2 * 136) / 136
    if method.name in ("set", *GROWING):
        assert moved
        assert not all(map(torch.equal, before, sparsity.masks.values()))
    assert all(mask.any() for mask in sparsity.masks.values())


@every_method
def test_it_learns(method):
    model = mlp(sizes=(6, 32, 32, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.03)
    sparsity = sparse(method, model, optimizer, density=0.5)
    data = batches(8)

    def mean():
        return sum(loss_of(model(b.inputs), b.targets, b.index).mean() for b in data).item() / 8

    before = mean()
    train(model, optimizer, sparsity, 50)
    assert mean() < before / 2


@every_method
def test_it_goes_on_exactly_from_a_state_in_the_middle(method):
    def made(seed=0):
        model = mlp()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        return model, optimizer, sparse(method, model, optimizer, seed=seed)

    def parts(trio):
        return [part.state_dict() for part in trio]

    whole = made()
    train(*whole, STEPS)
    broken = made()
    train(*broken, 7, total=STEPS)
    file = io.BytesIO()
    torch.save(parts(broken), file)
    file.seek(0)
    states = torch.load(file, weights_only=True)
    resumed = made()
    train(*resumed, 3)  # so that loading has something to undo
    resumed[2].load_state_dict(states[2])
    resumed[0].load_state_dict(states[0])
    resumed[1].load_state_dict(states[1])
    train(*resumed, STEPS - 7, start=7)
    again = pickle.loads(pickle.dumps(broken))
    copied = copy.deepcopy(broken)
    for other in (broken, again, copied):
        train(*other, STEPS - 7, start=7)
    for other in (resumed, broken, again, copied):
        for mine, wanted in zip(parts(other), parts(whole), strict=True):
            assert mine.pop("options", None) == wanted.pop("options", None)
            assert mine.pop("method", None) == wanted.pop("method", None)
            for groups in (mine, wanted):
                groups.pop("param_groups", None)
            torch.testing.assert_close(mine, wanted, rtol=0, atol=0)
    with pytest.raises(ValueError, match="belongs to other masks: seed is 0 there and 1 here"):
        made(seed=1)[2].load_state_dict(states[2])


@every_method
def test_loading_masks_the_weights_at_once(method):
    model = mlp()
    state = sparse(method, model, sgd(model)).state_dict()
    other = mlp(seed=5)
    sparsity = sparse(method, other, sgd(other))
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.fill_(1.0)
    version = sparsity.version
    sparsity.load_state_dict(state)
    assert sparsity.version > version
    for name, mask in sparsity.masks.items():
        assert torch.equal(mask, state["masks"][name])
        assert torch.equal(other.get_submodule(name).weight != 0, mask)


def test_states_that_do_not_fit():
    model = mlp()
    sparsity = RigL(model, sgd(model), density=0.2)
    state = sparsity.state_dict()
    with pytest.raises(ValueError, match="the state of sparse training has masks, steps and options; this one has"):
        sparsity.load_state_dict({"model": {}})
    with pytest.raises(ValueError, match="method is 'RigL' there and 'RandomPruning' here"):
        RandomPruning(model, sgd(model), density=0.2).load_state_dict(state)
    other = mlp(sizes=(6, 7, 8, 3))
    with pytest.raises(ValueError, match="the state belongs to other layers"):
        RigL(other, sgd(other), density=0.2).load_state_dict(state)
    listed = RigL(model, sgd(model), density=0.2, exclude=("2",))
    state = listed.state_dict()
    listed.load_state_dict({**state, "options": {**state["options"], "exclude": ["2"]}})  # as JSON gives it back


@every_method
def test_making_it_leaves_no_trace_but_the_masks(method):
    model = nn.Sequential(convnet(), nn.Dropout(0.5))
    model[0][1].eval()
    (model(torch.randn(4, 1, 6, 6, generator=torch.Generator())).sum()).backward()
    buffers = [buffer.clone() for buffer in model.buffers()]
    grads = [parameter.grad.clone() for parameter in model.parameters()]
    modes = [module.training for module in model.modules()]
    biases = [parameter.clone() for name, parameter in model.named_parameters() if parameter.ndim == 1]
    weights = [parameter.clone() for name, parameter in model.named_parameters() if parameter.ndim > 1]

    def states():
        return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002

    before = states()
    sparsity = make(
        method.name, model, sgd(model), batches=batches(shape=(1, 6, 6)), loss=loss_of, seed=1, **method.example
    )
    assert states() == before
    assert all(map(torch.equal, buffers, model.buffers()))
    assert all(map(torch.equal, grads, (parameter.grad for parameter in model.parameters())))
    assert modes == [module.training for module in model.modules()]
    assert all(map(torch.equal, biases, (p for p in model.parameters() if p.ndim == 1)))
    for name, mask in sparsity.masks.items():
        assert torch.equal(model.get_submodule(name).weight, weights.pop(0) * mask)


@every_method
def test_it_does_not_depend_on_global_random_state(method):
    def masks(seed):
        torch.manual_seed(seed)
        model = nn.Sequential(convnet(), nn.Dropout(0.5))
        optimizer = sgd(model)
        sparsity = make(method.name, model, optimizer, batches=batches(shape=(1, 6, 6)), loss=loss_of, **method.example)
        return [mask.tolist() for mask in sparsity.masks.values()]

    assert masks(1) == masks(2)


@every_method
def test_gradient_accumulation_is_one_step(method):
    def run(parts):
        model = mlp()
        optimizer = sgd(model, momentum=0.9)
        sparsity = sparse(method, model, optimizer)
        for step, batch in enumerate(batches(8)):
            for part in batch.split(parts):
                (loss_of(model(part.inputs), part.targets, part.index).sum() / len(batch)).backward()
            optimizer.step()
            sparsity.step((step + 1) / 12)
            optimizer.zero_grad()
        return sparsity.masks, list(model.parameters())

    for one, other in zip(*(run(parts) for parts in (1, 4)), strict=True):
        torch.testing.assert_close(one, other)


@every_method
def test_bf16_autocast(method):
    model = mlp()
    optimizer = sgd(model)
    sparsity = sparse(method, model, optimizer)
    for step, batch in enumerate(batches(8)):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            loss = loss_of(model(batch.inputs), batch.targets, batch.index).mean()
        loss.backward()
        optimizer.step()
        sparsity.step((step + 1) / 8)
        optimizer.zero_grad()
    assert sum(int(mask.sum()) for mask in sparsity.masks.values()) == round(0.2 * 136)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_a_model_that_moves_to_another_type_takes_the_masks_along(dtype):
    model = mlp()
    sparsity = RigL(model, sgd(model), density=0.2, every=2)
    model.to(dtype)
    optimizer = sparsity.optimizer
    for step, batch in enumerate(batches(8)):
        loss_of(model(batch.inputs.to(dtype)), batch.targets, batch.index).mean().backward()
        optimizer.step()
        sparsity.step((step + 1) / 12)
        optimizer.zero_grad()
    for name, mask in sparsity.masks.items():
        assert model.get_submodule(name).weight.dtype == dtype
        assert not model.get_submodule(name).weight[~mask].any()


@pytest.mark.parametrize("fused", [False, True])
@pytest.mark.parametrize("name", GROWING)
def test_a_loss_scaler_changes_nothing_and_a_skipped_step_puts_the_update_off(name, fused):
    def run(scale, broken=()):
        model = mlp()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, fused=fused)
        sparsity = make(name, model, optimizer, density=0.2, every=3)
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, enabled=scale)
        versions = []
        for step, batch in enumerate(batches(8)):
            loss = loss_of(model(batch.inputs), batch.targets, batch.index).mean()
            scaler.scale(loss * (float("inf") if step in broken else 1)).backward()
            scaler.step(optimizer)
            scaler.update()
            sparsity.step((step + 1) / 12)
            optimizer.zero_grad()
            versions.append(sparsity.version)
        changes = [int(later > earlier) for earlier, later in itertools.pairwise(versions)]
        return sparsity.masks, changes, [parameter.detach() for parameter in model.parameters()]

    plain, scaled, skipped = run(False), run(True), run(True, broken=(2,))
    torch.testing.assert_close(scaled[0], plain[0])
    torch.testing.assert_close(scaled[2], plain[2])
    assert scaled[1] == plain[1] == [0, 1, 0, 0, 1, 0, 0]  # after steps 3 and 6
    assert skipped[1] == [0, 0, 1, 0, 0, 1, 0]  # after steps 4 and 7
    assert all(parameter.isfinite().all() for parameter in skipped[2])


@pytest.mark.parametrize("name", GROWING)
def test_a_closure_is_masked_after_it_has_run(name):
    def run(closed):
        model = mlp()
        optimizer = sgd(model, momentum=0.9)
        sparsity = make(name, model, optimizer, density=0.2, every=2)
        for step, batch in enumerate(batches(8)):

            def closure(batch=batch):
                optimizer.zero_grad(set_to_none=False)
                loss = loss_of(model(batch.inputs), batch.targets, batch.index).mean()
                loss.backward()
                return loss

            if closed == "keyword":
                optimizer.step(closure=closure)
            elif closed:
                optimizer.step(closure)
            else:
                closure()
                optimizer.step()
            sparsity.step((step + 1) / 10)
        return sparsity.masks, list(model.parameters())

    plain = run("")
    for closed in ("position", "keyword"):
        torch.testing.assert_close(run(closed), plain, rtol=0, atol=0)


def test_lbfgs():
    model = mlp()
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=3)
    sparsity = RigL(model, optimizer, density=0.3, every=2)
    batch = batches(1)[0]

    def closure():
        optimizer.zero_grad()
        loss = loss_of(model(batch.inputs), batch.targets, batch.index).mean()
        loss.backward()
        return loss

    losses = []
    for step in range(8):
        losses.append(optimizer.step(closure).item())
        sparsity.step((step + 1) / 8)
    assert losses[-1] < losses[0]
    for name, mask in sparsity.masks.items():
        assert not model.get_submodule(name).weight[~mask].any()


class Moving(torch.optim.SGD):
    """Moves weights that have no gradient, as Muon does."""

    def step(self, closure=None):
        super().step(closure)
        with torch.no_grad():
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter += 0.01


def test_weights_that_the_optimizer_moves_without_gradient_are_masked():
    model = mlp()
    optimizer = Moving(model.parameters(), lr=0.1)
    sparsity = RigL(model, optimizer, density=0.2, every=2)
    previous = sparsity.masks

    def check(step):
        nonlocal previous
        for name, mask in sparsity.masks.items():
            assert not model.get_submodule(name).weight[~mask | ~previous[name]].any()
        previous = sparsity.masks

    train(model, optimizer, sparsity, 10, after=check)


class Inside(torch.optim.Optimizer):
    """A wrapper that makes the backward pass itself, from two functions."""

    def __init__(self, optimizer):
        super().__init__(optimizer.param_groups, {})
        self.optimizer = optimizer

    def step(self, forward, loss):
        loss(forward()).backward()
        self.optimizer.step()


@pytest.mark.parametrize("name", GROWING)
def test_a_wrapper_that_makes_the_backward_pass_itself(name):
    def run(inside):
        model = mlp()
        inner = sgd(model, momentum=0.9)
        optimizer = Inside(inner) if inside else inner
        sparsity = make(name, model, optimizer, density=0.2, every=2)
        for step, batch in enumerate(batches(8)):
            forward = lambda inputs=batch.inputs: model(inputs)
            loss = lambda outputs, batch=batch: loss_of(outputs, batch.targets, batch.index).mean()
            if inside:
                optimizer.step(forward, loss)
            else:
                loss(forward()).backward()
                optimizer.step()
            sparsity.step((step + 1) / 10)
            optimizer.zero_grad(set_to_none=False)
        return sparsity.masks, list(model.parameters())

    torch.testing.assert_close(run(True), run(False), rtol=0, atol=0)


def test_clipping_by_the_norm_of_live_weights():
    model = mlp()
    optimizer = sgd(model)
    sparsity = RigL(model, optimizer, density=0.2, every=1, fraction=0.5)
    batch = batches(1)[0]
    loss_of(model(batch.inputs), batch.targets, batch.index).mean().backward()
    dense = {name: model.get_submodule(name).weight.grad.clone() for name in sparsity.masks}
    sparsity.mask_gradients()
    for name, mask in sparsity.masks.items():
        assert torch.equal(model.get_submodule(name).weight.grad, dense[name] * mask)
    optimizer.step()
    expected = sparsity.masks
    sparsity.step(0.1)
    for name, mask in sparsity.masks.items():  # it grew by the gradients of before the masks
        grown = mask & ~expected[name]
        assert grown.any()
        assert dense[name].abs()[grown].min() >= dense[name].abs()[~mask & ~expected[name]].max()


def test_a_second_one_takes_the_place_of_the_first():
    model = mlp()
    optimizer = sgd(model)
    first = RigL(model, optimizer, density=0.5)
    second = RandomPruning(model, optimizer, density=0.2)
    assert len(optimizer._optimizer_step_pre_hooks) == 1
    second.step(0.1)
    with pytest.raises(RuntimeError, match="this RigL was removed from its optimizer, or another took its place"):
        first.step(0.1)
    second.remove()
    assert not optimizer._optimizer_step_pre_hooks
    again = pickle.loads(pickle.dumps(second))
    with pytest.raises(RuntimeError, match="was removed"):
        again.step(0.1)


def test_pickled_hooks_are_there_once():
    model = mlp()
    optimizer = sgd(model)
    trio = (model, optimizer, RigL(model, optimizer, density=0.2))
    for _ in range(3):
        trio = pickle.loads(pickle.dumps(trio))
    assert len(trio[1]._optimizer_step_pre_hooks) == 1
    assert trio[2].optimizer is trio[1]
    assert trio[2].model is trio[0]


def test_a_wrapper_and_what_it_wraps_are_both_hooked():
    model = mlp()
    inner = sgd(model)
    outer = Lookahead(inner)
    sparsity = RigL(model, outer, density=0.2)
    assert len(outer._optimizer_step_pre_hooks) == len(inner._optimizer_step_pre_hooks) == 1
    sparsity.remove()
    assert not outer._optimizer_step_pre_hooks
    assert not inner._optimizer_step_pre_hooks


def test_step_sizes_of_rprop_are_kept():
    model = mlp()
    optimizer = torch.optim.Rprop(model.parameters(), lr=0.01)
    sparsity = RigL(model, optimizer, density=0.2, every=2)
    train(model, optimizer, sparsity, 10)
    for name in sparsity.masks:
        assert optimizer.state[model.get_submodule(name).weight]["step_size"].min() > 0


def test_layouts_of_memory():
    model = convnet().to(memory_format=torch.channels_last)
    sparsity = MagnitudeGradual(model, sgd(model), density=0.2, every=2)
    assert sparsity.masks["3"].is_contiguous(memory_format=torch.channels_last)
    plain = convnet()
    same = MagnitudeGradual(plain, sgd(plain), density=0.2, every=2)
    for each in (sparsity, same):
        train(each.model, each.optimizer, each, 12, shape=(1, 6, 6))
    for name, mask in sparsity.masks.items():
        assert torch.equal(mask, same.masks[name])


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


def test_surgery_on_a_masked_layer_is_refused():
    model = mlp()
    sparsity = RandomPruning(model, sgd(model), density=0.5)
    model[0].weight = nn.Parameter(torch.ones(4, 6))
    with pytest.raises(ValueError, match=r"layer '0' now has a weight of shape \(4, 6\), its mask one of \(8, 6\)"):
        sparsity.step(0.1)


@every_method
def test_its_record_is_complete(method):
    assert all((method.title, method.paper, method.changes, method.costs, method.helps, method.hurts))
    assert "density" in method.options
    signature = inspect.signature(method.make, eval_str=True)
    assert all(parameter.annotation is not parameter.empty for parameter in signature.parameters.values())
    assert "Args:" in inspect.getdoc(method.make)
    assert "Source:" in inspect.getdoc(method.make)
