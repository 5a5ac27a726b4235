import math
import pickle

import numpy as np
import psutil
import pytest
import torch
import torch.distributed as dist
from tests.integrations.processes import in_two_processes

from sooner.sampling import ScoreStore

COLUMNS = {"loss": math.nan, "count": 0, "seen": False}


def store(n=6, path=None):
    return ScoreStore(n, COLUMNS, path)


def test_columns_have_the_kind_of_their_default():
    scores = store()
    assert scores.dtypes == {"loss": torch.float32, "count": torch.int32, "seen": torch.bool}
    assert scores["loss"].isnan().all()
    assert scores["count"].tolist() == [0] * 6
    assert not scores["seen"].any()


def test_update_and_read_by_hand():
    scores = store()
    scores.update(torch.tensor([4, 0]), loss=torch.tensor([2.5, 1.0]), seen=torch.tensor([True, True]))
    assert scores.read("loss", torch.tensor([0, 4])).tolist() == [1.0, 2.5]
    assert scores["seen"].tolist() == [True, False, False, False, True, False]
    assert scores["count"].tolist() == [0] * 6
    assert scores.version == 1


def test_of_duplicates_the_last_stays():
    scores = ScoreStore(1000, {"loss": 0.0})
    for seed in range(20):
        index = torch.randint(0, 10, (5000,), generator=torch.Generator().manual_seed(seed))
        values = torch.arange(5000.0)
        scores.update(index, loss=values)
        expected = [float(values[index == i][-1]) for i in range(10)]
        assert scores["loss"][:10].tolist() == expected


def test_a_reset_brings_back_the_defaults_and_travels_like_an_update():
    scores = ScoreStore(4, COLUMNS | {"vector": (1.0, -2.0)})
    scores.update(torch.arange(4), loss=torch.ones(4), count=torch.ones(4), seen=torch.ones(4), vector=torch.ones(4, 2))
    scores.recording, version = True, scores.version
    scores.reset(torch.tensor([3, 1]))
    assert scores["loss"].nan_to_num(nan=-1).tolist() == [1, -1, 1, -1]
    assert scores["count"].tolist() == [1, 0, 1, 0]
    assert scores["seen"].tolist() == [True, False, True, False]
    assert scores["vector"].tolist() == [[1, 1], [1, -2], [1, 1], [1, -2]]
    assert scores.observed()["index"].tolist() == [1, 3]
    assert scores.version == version + 1
    with pytest.raises(IndexError, match="indices must be from 0 to 3, not 4 to 4"):
        scores.reset(torch.tensor([4]))


def test_indices_beyond_what_a_float_can_tell_apart(tmp_path):
    n = 2**24 + 8  # float32 has no 2**24 + 1
    scores = ScoreStore(n, {"flag": False}, tmp_path)
    scores.update(torch.tensor([2**24 + 1]), flag=torch.tensor([True]))
    assert scores["flag"].nonzero().flatten().tolist() == [2**24 + 1]


@pytest.mark.parametrize("bad", [[-1], [6], [0, 2**40]])
def test_an_index_out_of_range_is_refused_and_changes_nothing(bad):
    scores = store()
    with pytest.raises(IndexError, match="indices must be from 0 to 5"):
        scores.update(torch.tensor(bad), loss=torch.ones(len(bad)))
    assert scores["loss"].isnan().all()
    assert scores.version == 0


def test_what_is_not_one_number_per_int64_index_is_refused_with_the_remedy():
    scores = store()
    with pytest.raises(ValueError, match=r'each of the 2 indices, shape \(2,\), not \(\); .* reduction="none"'):
        scores.update(torch.tensor([0, 1]), loss=torch.tensor(1.0))
    with pytest.raises(TypeError, match=r"1-d int64 tensor, not torch\.float32"):
        scores.update(torch.tensor([0.0, 1.0]), loss=torch.ones(2))
    with pytest.raises(KeyError, match="no column 'lost'; there are: loss, count, seen"):
        scores.update(torch.tensor([0]), lost=torch.ones(1))
    with pytest.raises(ValueError, match="see index, other"):
        ScoreStore(3, {"index": 0, "other": "text"})
    with pytest.raises(ValueError, match="n, the number of examples, must be at least 1, not 0"):
        store(0)


def test_a_state_is_a_copy_that_brings_all_back():
    scores = store()
    scores.update(torch.tensor([2]), loss=torch.tensor([0.5]), count=torch.tensor([7]))
    state = scores.state_dict()
    scores.update(torch.tensor([2]), loss=torch.tensor([9.0]))
    other = store()
    other.load_state_dict(state)
    assert other["loss"][2] == 0.5
    assert other["count"][2] == 7
    assert other.version == 1
    with pytest.raises(ValueError, match="the state holds other scores"):
        store(7).load_state_dict(state)
    with pytest.raises(ValueError, match="the state holds other scores"):
        ScoreStore(6, {"loss": 0.0}).load_state_dict(state)


def test_in_files_it_does_the_same_and_leaves_nothing_behind(tmp_path):
    mapped, held = store(path=tmp_path), store()
    twin = store(path=tmp_path)
    for scores in (mapped, held):
        scores.update(torch.tensor([1, 3]), loss=torch.tensor([1.0, 2.0]), count=torch.tensor([5, 6]))
    for name in COLUMNS:
        assert np.array_equal(mapped[name].numpy(), held[name].numpy(), equal_nan=True)
    assert twin["loss"].isnan().all()
    assert list(tmp_path.iterdir()) == []
    copy = pickle.loads(pickle.dumps(mapped))
    copy.update(torch.tensor([1]), loss=torch.tensor([4.0]))
    assert mapped["loss"][1] == 1.0


@pytest.mark.parametrize("mapped", [False, True])
@pytest.mark.parametrize("default", [(0.5, 0.0, -1.0), torch.tensor([0.5, 0.0, -1.0], dtype=torch.float64)])
def test_a_vector_per_example(tmp_path, mapped, default):
    scores = ScoreStore(5, {"target": default, "count": 0}, tmp_path if mapped else None)
    assert scores["target"].tolist() == [[0.5, 0.0, -1.0]] * 5
    assert scores["target"].dtype == torch.float32
    assert repr(scores) == "<ScoreStore of 5 examples, target: 3 float32, count: int32>"
    scores.recording = True
    first, last = [1.0, 2.0, 3.0], [4.0, 5.0, 6.0]
    scores.update(torch.tensor([3, 1, 3]), target=torch.tensor([first, first, last], dtype=torch.bfloat16))
    assert scores.read("target", torch.tensor([1, 3, 0])).tolist() == [first, last, [0.5, 0.0, -1.0]]
    seen = scores.observed()
    assert (seen["index"].tolist(), seen["target"].tolist()) == ([1, 3], [first, last])

    twin = ScoreStore(5, {"target": default, "count": 0})
    twin.merge([seen])
    assert torch.equal(twin["target"], scores["target"])
    fresh = ScoreStore(5, {"target": default, "count": 0})
    fresh.load_state_dict(scores.state_dict())
    assert torch.equal(fresh["target"], scores["target"])
    assert torch.equal(pickle.loads(pickle.dumps(scores))["target"], scores["target"])


def test_what_is_no_vector_of_its_length_is_refused():
    scores = ScoreStore(5, {"target": (0.0, 0.0)})
    for wrong in (torch.ones(1), torch.ones(1, 3), torch.ones(2, 2)):
        with pytest.raises(ValueError, match=r"target must be a vector of 2 for each of the 1 indices, shape \(1, 2\)"):
            scores.update(torch.tensor([0]), target=wrong)
    assert not scores["target"].any()
    with pytest.raises(ValueError, match="the state holds other scores"):
        ScoreStore(5, {"target": (0.0,) * 3}).load_state_dict(scores.state_dict())
    wrong = {"whole": (0, 1), "empty": (), "square": torch.ones(2, 2), "int": torch.ones(2, dtype=torch.int64)}
    with pytest.raises(ValueError, match="see whole, empty, square, int"):
        ScoreStore(5, wrong)


def test_an_update_at_a_hundred_million_touches_its_own_pages_alone(tmp_path):
    scores = ScoreStore(10**8, {"loss": 0.0}, tmp_path)  # 400 MB
    before = psutil.Process().memory_info().rss
    for turn in range(20):
        index = torch.randint(0, 10**8, (128,), generator=torch.Generator().manual_seed(turn))
        scores.update(index, loss=torch.ones(128))
    assert psutil.Process().memory_info().rss - before < 50e6  # a page of 4 KiB for each of 2,560 scores is 10 MB


def test_merging_by_hand():
    left, right = store(), store()
    for scores in (left, right):
        scores.recording = True
    left.update(torch.tensor([0, 1]), loss=torch.tensor([1.0, 2.0]))
    right.update(torch.tensor([1, 5]), loss=torch.tensor([3.0, 4.0]))
    everyones = [left.observed(), right.observed()]
    assert everyones[0]["index"].tolist() == [0, 1]
    for scores in (left, right):
        scores.merge(everyones)
        assert scores["loss"].nan_to_num(nan=-1).tolist() == [1, 3, -1, -1, -1, 4]
        assert len(scores.observed()["index"]) == 0
    with pytest.raises(RuntimeError, match="set recording = True"):
        store().observed()


def _exchange():
    dist.init_process_group("gloo")
    rank = dist.get_rank()
    n = 2**24 + 8
    scores = ScoreStore(n, {"loss": math.nan, "count": 0, "seen": False})
    scores.recording = True
    scores.exchange()  # with nothing to tell
    mine = torch.tensor([2**24 + 1 + 2 * rank, 5])
    scores.update(mine, loss=mine % 1000 + rank, count=mine.int(), seen=torch.tensor([True, True]))
    if rank:
        scores.update(torch.tensor([9]), loss=torch.tensor([0.25]))
    scores.exchange()
    known = scores["loss"].isnan().logical_not().nonzero().flatten()
    found = {"index": known, "version": torch.tensor(scores.version)}
    vectors = ScoreStore(4, {"target": (0.0, 0.0), "count": 0})
    vectors.recording = True
    vectors.update(torch.tensor([rank, 3]), target=torch.tensor([[1.5, rank], [rank, 0.1]]))
    vectors.exchange()
    found["vectors"] = vectors["target"]
    return found | {name: scores[name][known] for name in scores.dtypes}


def test_two_processes_tell_each_other_exactly(tmp_path):
    first, second = in_two_processes(_exchange, tmp_path)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert first["index"].tolist() == [5, 9, 2**24 + 1, 2**24 + 3]
    assert first["loss"].tolist() == [6.0, 0.25, (2**24 + 1) % 1000, (2**24 + 3) % 1000 + 1]
    assert first["count"].tolist() == [5, 0, 2**24 + 1, 2**24 + 3]
    assert first["seen"].tolist() == [True, False, True, True]
    assert torch.equal(first["vectors"], torch.tensor([[1.5, 0.0], [1.5, 1.0], [0.0, 0.0], [1.0, 0.1]]))
