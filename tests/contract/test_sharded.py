"""Every method under FSDP2, in two real processes: what DDP gives, or refused by its name."""

import pytest

from sooner.registry import methods
from tests.contract.sharded import outcomes
from tests.integrations.processes import in_two_processes

# By "seam/name": how it is refused where the model is sharded before it is made.
REFUSED = {
    "batching/adadagrad": r"TypeError: AdAdaGrad .*fully_shard \(FSDP2\).*DistributedDataParallel",
    "batching/ghost-batch-norm": r"TypeError: ghost_batch_norm .*features\.1 is sharded by fully_shard.*first",
    "structure/channel-pruning": r"StructureError: ChannelPruning .*fully_shard \(FSDP2\).*DistributedDataParallel",
    "structure/precropping": r"StructureError: precropping .*fully_shard \(FSDP2\): crop a model before it is sharded",
}
MASKS = r"TypeError: {} needs each weight whole .*fully_shard \(FSDP2\).*DistributedDataParallel"
REFUSED |= {f"sparsity/{each.name}": MASKS.format(each.make.__name__) for each in methods(seam="sparsity")}

OTHERS = {
    "gradients_in_parts": r"TypeError: GraB needs the whole gradient.*full_tensor\(\)",
    "gradients_of_each": r"TypeError: per_example_gradients needs each weight whole.*FSDP2.*mean gradient",
    "masked_before": r"TypeError: RandomPruning needs each weight whole.*FSDP2",
    "averaged_before": r"ValueError: 0\.weight is in parts.*its mean whole.*fully_shard\) before the average",
    "mean_of_whole_weights": r"ValueError: 0\.weight is in parts.*mean saved whole.*a state into one sharded alike",
    "unknown_to_lookahead": "nothing",
    "flattened_for_an_optimizer": r"TypeError: FullyShardedDataParallel \(FSDP1\).*fully_shard \(FSDP2\), then",
    "flattened_for_a_mean": r"TypeError: EMA .*FSDP1.*fully_shard \(FSDP2\)",
    "flattened_for_masks": r"TypeError: RandomPruning needs each weight whole.*FSDP1",
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    return in_two_processes(outcomes, tmp_path_factory.mktemp("sharded"))


@pytest.mark.parametrize("method", [each for each in methods() if "ranks" not in each.exempt], ids=lambda m: m.name)
def test_it_gives_what_ddp_gives_or_is_refused_by_name(method, found):
    name = f"{method.seam}/{method.name}"
    for outcome in (each[name] for each in found):
        if name in REFUSED:
            assert_refused(outcome, REFUSED[name])
        else:
            assert outcome == pytest.approx(0.0, abs=2e-6)


@pytest.mark.parametrize(
    "name",
    [
        "structure/precropping, then sharded",
        "batching/ghost-batch-norm, then sharded",
        "batch norm shared out with its block",
    ],
)
def test_what_changes_the_model_goes_before_it_is_sharded(name, found):
    assert [each[name] for each in found] == pytest.approx([0.0, 0.0], abs=2e-6)


@pytest.mark.parametrize("name", OTHERS)
def test_what_meets_a_sharded_model_later_says_so(name, found):
    for each in found:
        assert_refused(each[name], OTHERS[name])


def assert_refused(outcome, pattern):
    assert isinstance(outcome, str)
    with pytest.raises(AssertionError, match=pattern):
        raise AssertionError(outcome)
