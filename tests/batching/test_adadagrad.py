import io
from itertools import pairwise

import pytest
import torch
from sklearn.datasets import load_digits
from tests.integrations.processes import in_two_processes
from torch.nn.functional import cross_entropy

from sooner import Batch
from sooner.batching import AdAdaGrad, joined, observe_parts
from sooner.random import generator
from sooner.sampling import Reshuffling


def after(batching, gradients, examples=1):
    """`batching` after one step with these micro-batches."""
    for gradient in gradients:
        batching.observe(torch.tensor(gradient), examples)
    batching.step(0.0)
    return batching


def controller(batch_size=4, **options):
    return AdAdaGrad(batch_size, **{"every": 1, "eta": 0.5, "micro_batches": 4, **options})


# Mean (2, 0); squares of what is away from it: (0, 4) four times, so Var_hat = 16/3 and |g|^2 = 4.
NOISY = [[2.0, 2.0], [2.0, -2.0], [2.0, 2.0], [2.0, -2.0]]


def test_the_norm_test_by_hand():
    # 16/3 / 4 > eta^2 * 4 for eta 0.5; 16/3 / (0.25 * 4) = 5.33, up to 6, and on the ladder 8.
    failing = after(controller(), NOISY)
    assert (failing.asked, failing.batches, failing.size) == (6.0, 2, 8)
    # 16/3 / (0.36 * 4) = 3.7: 4 examples pass.
    passing = after(controller(eta=0.6), NOISY)
    assert (passing.asked, passing.batches) == (4.0, 1)
    # 16/3 / (0.04 * 4) = 33.3
    assert after(controller(eta=0.2), NOISY).size == 64


def test_micro_batches_of_several_examples():
    # The same means of 4 examples each have a fourth of the variance of one: Var_hat = 64/3, 64/3 / (0.25 * 4) = 21.3
    assert after(controller(16), NOISY, examples=4).asked == 22.0


def test_single_coordinates_are_held_to_the_test_one_by_one():
    # Mean (2, 1); variances 0 and 4/3: 0 is asked for by the first, 4/3 / (0.25 * 1) = 5.33 by the second,
    # and 4/3 / (0.25 * 5) = 1.07 by the norm.
    gradients = [[2.0, 2.0], [2.0, 0.0], [2.0, 2.0], [2.0, 0.0]]
    assert after(controller(variant="coordinate"), gradients).asked == 6.0
    assert after(controller(), gradients).asked == 2.0
    # Nothing but noise in one of them asks for all there is; no noise and no gradient for nothing.
    noise = after(controller(variant="coordinate", largest=32), NOISY)
    assert (noise.asked, noise.size) == (float("inf"), 32)
    still = after(controller(variant="coordinate"), [[1.0, 0.0]] * 4)
    assert (still.asked, still.size) == (0.0, 4)


def test_sizes_come_from_the_ladder_and_stop_at_its_end():
    reached = set()
    for eta in torch.linspace(0.05, 1.0, 60).tolist():
        batching = after(controller(largest=40, eta=eta), NOISY)
        assert batching.size >= min(batching.asked, 40)
        assert batching.size / 2 < max(batching.asked, 4) or batching.size == 40
        reached.add(batching.batches)
    assert reached == {1, 2, 4, 8, 10}


def test_without_a_largest_size_it_is_32_batches():
    assert after(controller(eta=0.01), NOISY).batches == 32


def test_sizes_never_shrink_and_the_largest_is_not_tested():
    batching = after(controller(largest=16), NOISY)
    assert batching.size == 8
    after(batching, [[1.0, 0.0]] * 4)
    assert (batching.asked, batching.size) == (0.0, 8)
    after(batching, [[0.0, 1.0], [0.0, -1.0]] * 2)
    assert (batching.size, batching.parts) == (16, 0)
    batching.step(0.5)
    assert batching.size == 16


def test_gradients_that_are_not_finite_change_nothing():
    assert after(controller(), [[float("nan"), 1.0]] * 4).size == 4
    assert after(controller(), [[0.0, 0.0]] * 4).size == 4


def test_every_few_steps_one_is_tested():
    batching = AdAdaGrad(4, every=3, micro_batches=4, eta=1.0)
    asked_for = []
    for _ in range(7):
        asked_for.append(batching.parts)
        after(batching, [[1.0, 0.0]] * batching.parts)
    assert asked_for == [0, 0, 4, 0, 0, 4, 0]


def test_gradients_between_the_tests_are_not_counted():
    batching = AdAdaGrad(4, every=2, micro_batches=4)
    after(batching, [[100.0, 0.0], [-100.0, 0.0]])
    assert after(batching, NOISY).asked == 6.0


def test_a_step_too_small_to_split_leaves_the_test_to_the_next():
    batching = AdAdaGrad(4, every=2, micro_batches=4)
    batching.step(0.0)
    after(batching, [[1.0, 0.0]])
    assert (batching.asked, batching.parts) == (None, 4)
    assert after(batching, NOISY).asked == 6.0
    assert batching.parts == 0


def test_a_test_without_gradients_is_an_error():
    with pytest.raises(RuntimeError, match="no gradient was observed"):
        controller().step(0.0)


def test_the_learning_rate_follows_the_size_as_asked():
    for lr, scale in (("constant", 1.0), ("linear", 16.0), ("sqrt", 4.0)):
        batching = controller(lr=lr, eta=0.2)
        assert batching.lr_scale == 1.0
        assert after(batching, NOISY).lr_scale == scale


def test_it_continues_exactly():
    draw = generator(0, "gradients")
    gradients = [(0.3 + torch.randn(4, 5, generator=draw)).tolist() for _ in range(30)]
    unbroken = AdAdaGrad(4, every=3, eta=0.9)
    seen, states = [], []
    for four in gradients:
        after(unbroken, four if unbroken.parts else [])
        seen.append((unbroken.batches, unbroken.parts, unbroken.lr_scale, unbroken.asked))
        file = io.BytesIO()
        torch.save(unbroken.state_dict(), file)
        file.seek(0)
        states.append(torch.load(file, weights_only=True))
    assert len({batches for batches, *_ in seen}) > 2
    for stop in range(29):
        resumed = AdAdaGrad(4, every=3, eta=0.9)
        resumed.load_state_dict(states[stop])
        for four, expected in zip(gradients[stop + 1 :], seen[stop + 1 :], strict=True):
            after(resumed, four if resumed.parts else [])
            assert (resumed.batches, resumed.parts, resumed.lr_scale, resumed.asked) == expected


def test_a_size_off_the_ladder_is_refused():
    state = {**AdAdaGrad(4).state_dict(), "batches": 3}
    with pytest.raises(ValueError, match="batches of the state must be one of"):
        AdAdaGrad(4).load_state_dict(state)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"eta": 0.0}, "eta must be above 0 and at most 1, not 0.0"),
        ({"eta": 1.5}, "eta must be above 0 and at most 1, not 1.5"),
        ({"every": 0}, "every must be at least 1"),
        ({"micro_batches": 1}, "micro_batches must be at least 2"),
        ({"largest": 3}, "largest must be at least 4, not 3"),
        ({"largest": 10}, "largest must be a multiple of batch_size, 4, not 10"),
        ({"variant": "l1"}, "variant must be one of norm, coordinate, not 'l1'"),
        ({"lr": "cubic"}, "lr must be one of constant, sqrt, linear, not 'cubic'"),
    ],
)
def test_bad_options_are_named(options, message):
    with pytest.raises((ValueError, TypeError), match=message):
        AdAdaGrad(4, **options)


def test_what_is_no_gradient_is_refused():
    for gradient in (torch.ones(2, 2), torch.ones(2, dtype=torch.int64)):
        with pytest.raises(ValueError, match="one vector \\(d,\\) of floating point"):
            controller().observe(gradient, 1)
    with pytest.raises(ValueError, match="examples must be at least 0"):
        controller().observe(torch.ones(2), -1)


def _two_ranks(variant):
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    draw = generator(3, "gradients")
    found = []
    batching = AdAdaGrad(8, every=1, eta=0.9, variant=variant, largest=8 * 128)
    for _ in range(4):
        gradients = 0.5 + torch.randn(7, 40, generator=draw)
        sizes = [3, 1, 2, 4, 1, 1, 5]
        for part in range(3 if rank == 0 else 4):  # rank 0 has three parts, rank 1 four
            at = part if rank == 0 else 3 + part
            batching.observe(gradients[at] / sizes[at] ** 0.5, sizes[at])
        batching.step(0.0)
        found.append([batching.batches, batching.asked])
    return found


@pytest.mark.parametrize("variant", ["norm", "coordinate"])
def test_ranks_decide_as_one_process_with_all_their_parts(tmp_path, variant):
    first, second = in_two_processes(_two_ranks, tmp_path, variant)
    draw = generator(3, "gradients")
    alone = AdAdaGrad(8, every=1, eta=0.9, variant=variant, largest=8 * 128)
    for on_first, on_second in zip(first, second, strict=True):
        if alone.parts:
            for gradient, size in zip(0.5 + torch.randn(7, 40, generator=draw), [3, 1, 2, 4, 1, 1, 5], strict=True):
                alone.observe(gradient / size**0.5, size)
        alone.step(0.0)
        assert on_first == on_second
        assert on_first[0] == alone.batches
        assert on_first[1] == pytest.approx(alone.asked, rel=1e-4)
    assert alone.batches > 1


DIGITS = load_digits()
X, Y = torch.tensor(DIGITS.data / 16, dtype=torch.float32), torch.tensor(DIGITS.target)


def train(batching, epochs):
    """Logistic regression on the digits with AdaGrad: the full loss after each epoch, the size of each step."""
    model = torch.nn.Linear(64, 10)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    optimizer = torch.optim.Adagrad(model.parameters(), lr=0.05)
    sampler = Reshuffling(len(X), batching.batch_size, seed=0)
    losses, sizes = [], []
    for _ in range(epochs):
        batches = (Batch(X[index], Y[index], index, torch.ones(len(index))) for index in sampler)
        for batch in joined(batches, batching):
            sizes.append(batching.size)
            observe_parts(batching, model, batch, lambda out, y: cross_entropy(out, y, reduction="none"))
            optimizer.step()
            optimizer.zero_grad()
            batching.step(0.0)
        with torch.no_grad():
            losses.append(float(cross_entropy(model(X), Y)))
    return losses, sizes


def test_the_batch_grows_while_the_loss_falls():
    losses, sizes = train(AdAdaGrad(16, every=5, eta=0.7), 4)
    assert all(later >= earlier for earlier, later in pairwise(sizes))
    assert len(set(sizes)) >= 4
    assert sizes[-1] >= 8 * sizes[0]
    assert all(later < earlier for earlier, later in pairwise(losses))
    # Far fewer updates than at the first size, and a lower loss for the same examples than at a large one throughout.
    assert len(sizes) < 4 * len(X) / 16 / 5
    large, _ = train(AdAdaGrad(512, largest=512), 4)
    assert all(growing < fixed for growing, fixed in zip(losses, large, strict=True))


def test_single_coordinates_send_a_model_to_the_largest_size():
    _, sizes = train(AdAdaGrad(16, every=5, eta=0.7, variant="coordinate"), 1)
    assert sizes[:6] == [16] * 5 + [512]
