from torch import nn

from sooner.optim import make, set_lr, wrap


def test_set_lr_keeps_each_groups_own_rate():
    net = nn.Linear(2, 2)
    optimizer = make("sgd", net, lr=0.4)
    optimizer.param_groups[1]["initial_lr"] = 0.8
    for factor in (0.5, 0.25):
        set_lr(optimizer, factor)
        assert [group["lr"] for group in optimizer.param_groups] == [0.4 * factor, 0.8 * factor]


def test_the_peak_rate_survives_save_and_load():
    net = nn.Linear(2, 2)
    saved = make("sgd", net, lr=0.4)
    set_lr(saved, 0.5)
    loaded = make("sgd", net, lr=0.1)
    loaded.load_state_dict(saved.state_dict())
    set_lr(loaded, 1.0)
    assert [group["lr"] for group in loaded.param_groups] == [0.4, 0.4]


def test_a_wrapped_optimizer_has_its_rates_set():
    base = make("adamw", nn.Linear(2, 2), lr=0.4)
    set_lr(wrap("sso", wrap("lookahead", wrap("perpgrad", base))), 0.5)
    assert [group["lr"] for group in base.param_groups] == [0.2, 0.2]
