"""What every registered loss does, whichever it is."""

import inspect
import io
import pickle
import random

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits

from sooner import losses
from sooner.registry import methods

METHODS = methods(seam="losses")
N, CLASSES = 12, 4

pytestmark = pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)


def build(method, n=N, classes=CLASSES):
    return losses.make(method.name, n=n, classes=classes, **method.example)


def batch(seed, size=6, n=N, classes=CLASSES):
    draw = torch.Generator().manual_seed(seed)
    outputs = 2 * torch.randn(size, classes, generator=draw)
    return outputs, torch.randint(classes, (size,), generator=draw), torch.randperm(n, generator=draw)[:size]


def seasoned(method):
    """One that has seen some batches, half-way through its run."""
    loss = build(method)
    for seed in range(4):
        loss(*batch(seed))
    if hasattr(loss, "progress"):
        loss.progress = 0.5
    return loss


def flat(state):
    for name, value in sorted(state.items()):
        if isinstance(value, dict):
            yield from flat(value)
        else:
            yield name, value.nan_to_num(nan=-1.0).tolist() if isinstance(value, torch.Tensor) else value


def test_one_finite_float32_per_example(method):
    loss = seasoned(method)
    found = loss(*batch(9))
    assert (found.shape, found.dtype) == ((6,), torch.float32)
    assert found.isfinite().all()
    assert loss(batch(9)[0].double(), *batch(9)[1:]).dtype == torch.float64


def test_bfloat16_outputs_are_computed_in_float32(method):
    outputs, targets, index = batch(9)
    rounded = outputs.bfloat16()
    expected = seasoned(method)(rounded.float(), targets, index)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = seasoned(method)(rounded, targets, index)
    assert found.dtype == torch.float32
    assert torch.equal(found, expected)


def test_without_gradients_the_same_losses_and_nothing_remembered(method):
    loss = seasoned(method)
    before = list(flat(loss.state_dict()))
    for quiet in (torch.no_grad(), torch.inference_mode()):
        with quiet:
            found = loss(*batch(9))
            assert list(flat(loss.state_dict())) == before
    assert torch.equal(found, loss(*batch(9)))


def test_the_outputs_are_left_alone_and_get_the_gradient(method):
    loss, (outputs, targets, index) = seasoned(method), batch(9)
    kept = outputs.clone()
    loss(outputs.requires_grad_(), targets, index).sum().backward()
    assert torch.equal(outputs, kept)
    assert outputs.grad.isfinite().all()
    downhill = outputs.grad.gather(1, targets[:, None])
    assert (downhill <= 0).all() or method.name == "elr"  # which may go against a label


def test_its_gradient_is_that_of_finite_differences(method):
    loss, (outputs, targets, index) = seasoned(method), batch(9)
    with torch.no_grad():
        state = loss.state_dict()

    def once(outputs):
        loss.load_state_dict(state)
        if method.name == "elr":  # whose memory moves with the outputs, and gets no gradient: as beta tends to 1
            loss.beta = 1.0
        return loss(outputs, targets, index)

    assert torch.autograd.gradcheck(once, (outputs.double().requires_grad_(),))


def test_shapes_that_do_not_fit_are_named(method):
    outputs, targets, index = batch(9)
    loss = build(method)
    for wrong in (outputs[0], outputs.long(), outputs[None]):
        with pytest.raises(ValueError, match=r"outputs must be logits, .* not torch\.\w+ of shape \("):
            loss(wrong, targets, index)
    for wrong in (targets[:-1], targets.float(), targets[:, None], targets.int()):
        with pytest.raises(ValueError, match=r"class of each of the 6 outputs, int64 of shape \(6,\), not torch"):
            loss(outputs, wrong, index)


@pytest.mark.parametrize("ignored", [-100, -1, 2])
def test_ignored_examples_have_no_loss_no_gradient_and_leave_no_trace(method, ignored):
    """The others are as without them, also where they are the same examples as ignored ones."""
    options = {} if ignored == -100 else {"ignore_index": ignored}
    with_them, without = (
        losses.make(method.name, n=N, classes=CLASSES, **{**method.example, **options}) for _ in range(2)
    )
    for loss in (with_them, without):
        if hasattr(loss, "progress"):
            loss.progress = 0.5
    for seed in range(3):
        outputs, targets, index = batch(seed, size=9)
        targets = torch.where(targets == ignored, 3, targets)
        index[[7, 8]] = index[[0, 1]]
        targets[[1, 4, 7]] = ignored  # one before and one after the same example that counts, and one on its own
        counts = targets != ignored
        few, several = outputs[counts].requires_grad_(), outputs.clone().requires_grad_()
        expected = without(few, targets[counts], index[counts])
        found = with_them(several, targets, index)
        assert torch.equal(found[counts], expected)
        assert found[~counts].tolist() == [0, 0, 0]
        expected.sum().backward()
        found.sum().backward()
        assert torch.equal(several.grad[counts], few.grad)
        assert not several.grad[~counts].any()
    assert list(flat(with_them.state_dict())) == list(flat(without.state_dict()))


def test_where_all_are_ignored_the_losses_are_zero(method):
    loss, (outputs, _, index) = build(method), batch(9)
    before = list(flat(loss.state_dict()))
    found = loss(outputs.requires_grad_(), torch.full((6,), -100), index)
    found.sum().backward()
    assert found.tolist() == [0] * 6
    assert not outputs.grad.any()
    assert list(flat(loss.state_dict())) == before


def test_it_goes_on_exactly_from_a_saved_state(method):
    unbroken = seasoned(method)
    file = io.BytesIO()
    torch.save(unbroken.state_dict(), file)
    file.seek(0)
    resumed = build(method)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    copy = pickle.loads(pickle.dumps(unbroken))
    for seed in range(20, 24):
        expected = unbroken(*batch(seed))
        assert torch.equal(resumed(*batch(seed)), expected)
        assert torch.equal(copy(*batch(seed)), expected)
    assert list(flat(resumed.state_dict())) == list(flat(unbroken.state_dict()))


def test_a_state_of_another_loss_is_refused(method):
    stateless = not build(method).state_dict()
    state = {"scores": {}} if stateless else build(method, n=N + 1).state_dict()
    with pytest.raises(ValueError, match=r"another loss|other scores"):
        build(method).load_state_dict(state)


def test_its_repr_makes_it_again(method):
    loss = build(method)
    again = eval(repr(loss), {method.make.__name__: method.make})
    assert repr(again) == repr(loss)
    assert torch.equal(again(*batch(9)), loss(*batch(9)))


def test_global_random_state_is_left_alone(method):
    def states():
        return torch.get_rng_state().tolist(), np.random.get_state()[1].tolist(), random.getstate()  # noqa: NPY002

    before = states()
    seasoned(method).state_dict()
    assert states() == before


def train(method, parts, autocast=False):
    data = load_digits()
    inputs, targets = torch.tensor(data.data / 16, dtype=torch.float32), torch.tensor(data.target)
    draw = torch.Generator().manual_seed(0)
    model = torch.nn.Linear(64, 10)
    with torch.no_grad():
        model.weight.copy_(torch.randn(10, 64, generator=draw) / 8)
        model.bias.zero_()
    loss = build(method, n=len(inputs), classes=10)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for epoch in range(2):
        if hasattr(loss, "progress"):
            loss.progress = epoch / 2
        for index in torch.randperm(len(inputs), generator=draw).split(50):
            optimizer.zero_grad()
            for part in index.chunk(parts):
                with torch.autocast("cpu", dtype=torch.bfloat16, enabled=autocast):
                    each = loss(model(inputs[part]), targets[part], part)
                (each.sum() / len(index)).backward()
            optimizer.step()
    with torch.no_grad():
        return model.weight, float((model(inputs).argmax(1) == targets).float().mean())


def test_it_trains_and_micro_batches_change_nothing(method):
    whole, right = train(method, 1)
    parts, _ = train(method, 4)
    assert right > 0.85
    torch.testing.assert_close(parts, whole, rtol=1e-3, atol=1e-4)


def test_it_trains_under_bf16_autocast(method):
    assert train(method, 1, autocast=True)[1] > 0.85


def test_its_record_is_complete(method):
    assert all((method.title, method.paper, method.changes, method.costs, method.helps, method.hurts))
    needed = {name for name, option in method.options.items() if option.default is inspect.Parameter.empty}
    assert needed <= set(method.example) <= set(method.options)
    assert "Args:" in inspect.getdoc(method.make)
    inspect.signature(method.make, eval_str=True)
