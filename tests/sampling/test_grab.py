import io
import pickle

import pytest
import torch

from sooner.sampling import GraB, Reshuffling
from sooner.sampling._balancing import balance

# By place in the first order: the order itself depends on the seed, the balancing does not.
FOUR = torch.tensor([[1.0, 0.0], [1.0, 1.0], [0.0, 2.0], [-1.0, 3.0]])


def one_round(sampler, gradient_of):
    """The order of the round, all of its gradients observed."""
    seen = []
    for index in sampler:
        sampler.observe_gradient(index, gradient_of(index))
        seen.append(index)
    return torch.cat(seen).tolist()


def four(batch_size=2, **options):
    """A sampler over four examples, their first order, and the gradients of `FOUR` in it, the same in every round."""
    sampler = GraB(4, batch_size, seed=5, **options)
    first = sampler.order(0)[:].tolist()
    return sampler, first, lambda index: torch.stack([FOUR[first.index(int(example))] for example in index])


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4])
def test_mean_balance_by_hand(batch_size):
    """m = 0: <s, g> is 0, 1, -2, 3, so s goes (1, 0), (0, -1), (0, 1), (1, -2) and the signs are + - + -.

    m = (1/4, 3/2) from then on: the centred ones are (3/4, -3/2), (-1/4, 1/2), (-5/4, 3/2), (3/4, -1/2) in the new
    order, and <s, c> is 0, -15/16, -17/8, -13/16: all are added, and the order stays.
    """
    sampler, first, gradient_of = four(batch_size)
    a, b, c, d = first
    rounds = [one_round(sampler, gradient_of) for _ in range(4)]
    assert rounds == [[a, b, c, d], [a, c, d, b], [a, c, d, b], [a, c, d, b]]


def test_the_published_code_loses_the_mean():
    """Centred in place, the third round has m = mean(g - m) = 0: <s, g> is 0, 0, 5, 1 in the order a c d b."""
    sampler, first, gradient_of = four(faithful_to="code")
    a, b, c, d = first
    rounds = [one_round(sampler, gradient_of) for _ in range(4)]
    assert rounds == [[a, b, c, d], [a, c, d, b], [a, c, d, b], [a, c, b, d]]


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4])
def test_pair_balance_by_hand(batch_size):
    """a - b = (0, -1) is added: a to the front. c - d = (1, -1) has product 1, is subtracted: d to the front."""
    sampler, first, gradient_of = four(batch_size, balance="pair")
    a, b, c, d = first
    assert one_round(sampler, gradient_of) == [a, b, c, d]
    assert one_round(sampler, gradient_of) == [a, d, c, b]


def test_the_last_of_an_odd_number_takes_the_place_that_is_left():
    sampler = GraB(5, 2, balance="pair", seed=1)
    gradients = torch.randn(5, 3, generator=torch.Generator().manual_seed(0))
    before = one_round(sampler, lambda index: gradients[index])
    assert one_round(sampler, lambda index: gradients[index])[2] == before[4]


def test_signs_are_those_of_the_two_lengths():
    """The definition, one vector at a time, against the product of them all."""
    draw = torch.Generator().manual_seed(3)
    vectors = torch.randn(200, 17, generator=draw, dtype=torch.float64)
    total = torch.randn(17, generator=draw, dtype=torch.float64)
    s, expected = total.clone(), []
    for vector in vectors:
        expected.append(bool((s + vector).norm() <= (s - vector).norm()))
        s = s + vector if expected[-1] else s - vector
    assert balance(vectors, total) == expected
    torch.testing.assert_close(total, s)


def test_without_gradients_it_reshuffles_and_after_some_it_keeps_its_order():
    sampler, plain = GraB(100, 10, seed=2), Reshuffling(100, 10, seed=2)
    for _ in range(2):
        assert torch.equal(torch.cat(list(sampler)), torch.cat(list(plain)))
    gradients = torch.randn(100, 3, generator=torch.Generator().manual_seed(1))
    one_round(sampler, lambda index: gradients[index])
    balanced = torch.cat(list(sampler)).tolist()
    assert balanced != sampler.order(2)[:].tolist()
    assert [torch.cat(list(sampler)).tolist() for _ in range(2)] == [balanced] * 2


def test_what_was_not_observed_stays_in_the_middle():
    sampler = GraB(10, 5, seed=2)
    batches = iter(sampler)
    first = next(batches)
    sampler.observe_gradient(first, torch.tensor([[1.0], [1.0], [-1.0], [1.0], [1.0]]))  # signs + - + + +
    rest = next(batches).tolist()
    assert list(batches) == []
    a, b, c, d, e = first.tolist()
    assert torch.cat(list(sampler)).tolist() == [a, c, d, e, *rest, b]


def test_a_micro_batch_is_one_vector_and_stays_together():
    """Means of consecutive pairs: (1), (1), (-1), (1) get the signs + - + +."""
    sampler = GraB(8, 4, seed=2)
    values = iter([[1.0], [1.0], [-1.0], [1.0]])
    seen = []
    for batch in sampler:
        for part in batch.split(2):
            sampler.observe_gradient(part, torch.tensor(next(values)))
            seen.append(part.tolist())
    first, second, third, fourth = seen
    assert torch.cat(list(sampler)).tolist() == [*first, *third, *fourth, *second]


def kept_together(sampler, rounds=6):
    """The share of each round's batches that are the same sets as in the round before, by random mean gradients."""
    draw, before, shares = torch.Generator().manual_seed(0), None, []
    for _ in range(rounds):
        now = set()
        for index in sampler:
            sampler.observe_gradient(index, torch.randn(5, generator=draw))
            now.add(frozenset(index.tolist()))
        shares.append(1.0 if before is None else len(now & before) / len(now))
        before = now
    return shares


@pytest.mark.parametrize("balance", ["mean", "pair"])
@pytest.mark.parametrize("n", [96, 97, 100, 5])  # the last batch: of 8, of 9 that took in one, of 4, the only one
def test_batches_stay_together_whatever_n_is(n, balance):
    sampler = GraB(n, 8, seed=1, balance=balance)
    last = {frozenset(list(GraB(n, 8, seed=1))[-1].tolist())}
    assert kept_together(sampler) == [1.0] * 6
    order = sampler.order(6)[:].tolist()
    assert sorted(order) == list(range(n))
    if n % 8:
        assert {frozenset(order[-len(next(iter(last))) :])} == last


def test_with_drop_last_no_example_is_left_out_for_ever():
    sampler, draw, seen = GraB(97, 8, drop_last=True), torch.Generator().manual_seed(0), []
    for _ in range(2):
        for index in sampler:
            sampler.observe_gradient(index, torch.randn(5, generator=draw))
            seen += index.tolist()
    assert set(seen) == set(range(97))
    assert len(seen) == 2 * 96


def gradient(index, epoch):
    """Of 60 examples, different in every round."""
    draw = torch.Generator().manual_seed(epoch)
    return torch.randn(60, 5, generator=draw)[index]


def walk(sampler, rounds):
    """(indices, state after it) of each batch, its gradients observed."""
    while sampler.epoch < rounds:
        epoch = sampler.epoch
        for index in sampler:
            sampler.observe_gradient(index, gradient(index, epoch))
            yield index.tolist(), sampler.state_dict()


def saved_and_loaded(state):
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


@pytest.mark.parametrize("options", [{}, {"balance": "pair"}, {"faithful_to": "code"}])
def test_it_resumes_exactly_with_gradients(options):
    whole = list(walk(GraB(60, 7, seed=1, **options), 4))
    unbroken = [indices for indices, _ in whole]
    assert len({str(unbroken[start : start + 9]) for start in range(0, 36, 9)}) == 4
    for used, (_, state) in enumerate(whole, 1):
        resumed = GraB(60, 7, seed=1, **options)
        resumed.load_state_dict(saved_and_loaded(state))
        again = pickle.loads(pickle.dumps(resumed))
        assert unbroken[:used] + [indices for indices, _ in walk(resumed, 4)] == unbroken
        assert unbroken[:used] + [indices for indices, _ in walk(again, 4)] == unbroken


def test_a_state_is_not_changed_by_going_on():
    walked = walk(GraB(60, 7), 2)
    _, state = next(walked)
    copy = saved_and_loaded(state)
    list(walked)
    assert all(
        torch.equal(value, copy["balancing"][name])
        if isinstance(value, torch.Tensor)
        else value == copy["balancing"][name]
        for name, value in state["balancing"].items()
    )


def test_ranks_agree_when_all_observe_the_whole_batch():
    alone = GraB(60, 10, balance="pair")
    ranks = [GraB(60, 10, balance="pair").shard(rank, 3) for rank in range(3)]
    for epoch in range(3):
        for whole, *parts in zip(alone, *ranks, strict=True):
            assert sorted(torch.cat(parts).tolist()) == sorted(whole.tolist())
            for sampler in (alone, *ranks):
                sampler.observe_gradient(whole, gradient(whole, epoch))


def test_a_rank_that_observes_its_own_part_alone_is_refused():
    sampler = GraB(60, 8).shard(1, 2)
    part = next(iter(sampler))
    with pytest.raises(ValueError, match=r"in round 0 these 4 are not the next: .* gathered\(index\)"):
        sampler.observe_gradient(part, gradient(part, 0))


def test_gradients_out_of_turn_are_refused():
    sampler = GraB(60, 10)
    with pytest.raises(ValueError, match="before any batch of the round was handed out"):
        sampler.observe_gradient(torch.arange(10), torch.zeros(10, 2))
    batches = iter(sampler)
    first, second = next(batches), next(batches)
    with pytest.raises(ValueError, match="not the next: observe every batch once"):
        sampler.observe_gradient(second, torch.zeros(10, 2))
    with pytest.raises(ValueError, match=r"for 10 examples gradient must be of shape \(10, d\), .* not \(9, 2\)"):
        sampler.observe_gradient(first, torch.zeros(9, 2))
    sampler.observe_gradient(first, torch.zeros(10, 2))
    with pytest.raises(ValueError, match="gradient has d = 3; those before it had 2"):
        sampler.observe_gradient(second, torch.zeros(10, 3))


def test_a_round_that_is_run_again_is_balanced_anew():
    once, twice = GraB(60, 7), GraB(60, 7)
    one_round(once, lambda index: gradient(index, 1))
    one_round(twice, lambda index: gradient(index, 0))
    twice.set_epoch(0)
    one_round(twice, lambda index: gradient(index, 1))
    assert torch.cat(list(once)).tolist() == torch.cat(list(twice)).tolist()


def least_squares(n, noise=1.0):
    """(n, 6) features of a linear model and (n,) targets; and the solution."""
    draw = torch.Generator().manual_seed(11)
    features = torch.randn(n, 6, generator=draw, dtype=torch.float64)
    targets = features.sum(1) + noise * torch.randn(n, generator=draw, dtype=torch.float64)
    return features, targets, torch.linalg.lstsq(features, targets[:, None]).solution[:, 0]


def descend(sampler, epochs, rate):
    """Squared distance to the solution after SGD, one example a step, with a constant learning rate."""
    features, targets, solution = least_squares(sampler.n)
    x = torch.zeros(6, dtype=torch.float64)
    for _ in range(epochs):
        for index in sampler:
            gradients = []
            for example in index.tolist():
                gradients.append((features[example] @ x - targets[example]) * features[example])
                x = x - rate * gradients[-1]
            if isinstance(sampler, GraB):
                sampler.observe_gradient(index, torch.stack(gradients))
    return float(((x - solution) ** 2).sum())


def test_it_beats_reshuffling_on_a_convex_problem():
    """Convex, n = 256: the error of reshuffling at the best of three learning rates, over that of either balance."""
    rates = (0.002, 0.004, 0.008)

    def best(make):
        return min(sum(descend(make(seed), 24, rate) for seed in range(2)) / 2 for rate in rates)

    shuffled = best(lambda seed: Reshuffling(256, 64, seed=seed))
    for options in ({}, {"balance": "pair"}):
        assert best(lambda seed, options=options: GraB(256, 64, seed=seed, **options)) < shuffled / 10
