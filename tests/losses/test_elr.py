import math

import pytest
import torch
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

from sooner.losses import ELR, CrossEntropy

LOG3 = math.log(3)
HALF_HALF, SURE = torch.tensor([[0.0, 0.0]]), torch.tensor([[LOG3, 0.0]])  # softmax (1/2, 1/2) and (3/4, 1/4)
WRONG, INDEX = torch.tensor([1]), torch.tensor([2])


def test_two_visits_by_hand():
    """beta 0.6, strength 2: t is 0.4 (1/2, 1/2), then 0.6 of that plus 0.4 (3/4, 1/4)."""
    loss = ELR(4, 2, beta=0.6, strength=2.0)
    first = loss(HALF_HALF, WRONG, INDEX)
    assert float(first) == pytest.approx(math.log(2) + 2 * math.log(1 - 0.2))
    second = loss(SURE, WRONG, INDEX)
    t = (0.6 * 0.2 + 0.4 * 0.75, 0.6 * 0.2 + 0.4 * 0.25)
    assert float(second) == pytest.approx(math.log(4) + 2 * math.log(1 - 0.75 * t[0] - 0.25 * t[1]))
    assert loss.scores["target"][2].tolist() == pytest.approx(t)
    assert not loss.scores["target"][[0, 1, 3]].any()


def test_the_gradient_is_that_of_lemma_2():
    """Of the term with respect to logit c: p_c sum_k (t_k - t_c) p_k / (1 - <p, t>), t held fixed."""
    draw = torch.Generator().manual_seed(0)
    outputs, targets, index = torch.randn(8, 5, generator=draw), torch.arange(8) % 5, torch.arange(8)
    loss = ELR(8, 5, beta=0.9, strength=3.0)
    for _ in range(3):
        loss(torch.randn(8, 5, generator=draw), targets, index)
    loss(outputs.requires_grad_(), targets, index).sum().backward()
    p, t = outputs.detach().softmax(1), loss.scores["target"]
    expected = torch.empty(8, 5)
    for i in range(8):
        for c in range(5):
            pull = sum(float((t[i, k] - t[i, c]) * p[i, k]) for k in range(5))
            likelihood = float(p[i, c]) - float(targets[i] == c)
            expected[i, c] = likelihood + 3.0 * float(p[i, c]) * pull / (1 - float(p[i] @ t[i]))
    torch.testing.assert_close(outputs.grad, expected, rtol=1e-5, atol=1e-6)


def test_against_a_belief_the_wrong_label_loses():
    """Once the model has believed in class 0 for long, the gradient of label 1 goes towards class 0."""
    loss = ELR(4, 2)
    for _ in range(30):
        loss(torch.tensor([[3.0, 0.0]]), WRONG, INDEX)
    outputs = torch.tensor([[3.0, 0.0]], requires_grad=True)
    loss(outputs, WRONG, INDEX).backward()
    assert outputs.grad[0, 0] < 0 < outputs.grad[0, 1]
    plain = torch.tensor([[3.0, 0.0]], requires_grad=True)
    cross_entropy(plain, WRONG).backward()
    assert plain.grad[0, 1] < 0 < plain.grad[0, 0]


def test_certainty_is_clamped():
    """p = (1 - 1e-4, 1e-4), which adds to 1; without the clamp the logarithm would be that of 0."""
    loss = ELR(4, 2, beta=0.0, strength=1.0)
    outputs = torch.tensor([[200.0, 0.0]], requires_grad=True)
    found = loss(outputs, torch.tensor([0]), INDEX)
    p = torch.tensor([1 - 1e-4, 1e-4], dtype=torch.float64)
    assert float(found.detach()) == pytest.approx(math.log(1 - float(p @ p)), rel=1e-3)
    found.backward()
    assert not outputs.grad.any()
    three = ELR(4, 3, beta=0.0)
    three(torch.tensor([[200.0, 0.0, 0.0]]), torch.tensor([0]), INDEX)
    total = 1 + 1e-4
    assert three.scores["target"][2].tolist() == pytest.approx([(1 - 1e-4) / total, 1e-4 / total, 1e-4 / total])


@pytest.mark.parametrize("classes", [2, 10, 100])
def test_its_least_value(classes):
    """p is 1 - 1e-4 and 1e-4 for each other class; t is that divided by its sum. Together about 1 - C / 10,000."""
    loss = ELR(4, classes, beta=0.0, strength=3.0)
    outputs = torch.nn.functional.one_hot(torch.tensor([0]), classes) * 200.0
    found = float(loss(outputs, torch.tensor([0]), INDEX))
    assert found == pytest.approx(3 * math.log(classes / 10_000), abs=0.05)


def test_options_out_of_range():
    for option, wrong in (("beta", 1.0), ("beta", -0.1), ("strength", -1.0), ("strength", math.nan)):
        with pytest.raises(ValueError, match=f"{option} must be at least 0"):
            ELR(4, 2, **{option: wrong})


def test_it_memorises_fewer_wrong_labels():
    """The claim, on digits: 40% of 400 labels wrong, and a network that can learn all of them by heart."""
    data = load_digits()
    inputs, right = torch.tensor(data.data / 16, dtype=torch.float32), torch.tensor(data.target)
    draw = torch.Generator().manual_seed(0)
    wrong = (torch.rand(400, generator=draw) < 0.4).nonzero().flatten()
    labels = right[:400].clone()
    labels[wrong] = (right[wrong] + torch.randint(1, 10, wrong.shape, generator=draw)) % 10

    def trained(loss):
        """The share of wrong labels that are reproduced, and the accuracy on other examples."""
        start = torch.Generator().manual_seed(1)
        model = torch.nn.Sequential(torch.nn.Linear(64, 256), torch.nn.ReLU(), torch.nn.Linear(256, 10))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=start) / 10)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        for _ in range(40):
            for index in torch.randperm(400, generator=start).split(50):
                optimizer.zero_grad()
                loss(model(inputs[index]), labels[index], index).mean().backward()
                optimizer.step()
        with torch.no_grad():
            found = model(inputs).argmax(1)
        memorised = (found[wrong] == labels[wrong]).float().mean()
        return float(memorised), float((found[400:] == right[400:]).float().mean())

    plain, regularised = trained(CrossEntropy()), trained(ELR(400, 10))
    assert plain[0] > 0.8  # measured: 0.91
    assert regularised[0] < 0.3  # 0.11
    assert regularised[1] > plain[1] + 0.15  # 0.78 and 0.50
