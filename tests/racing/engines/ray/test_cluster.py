from sooner.racing.engines.ray.cluster import Node, Share, shares


def test_workers_never_share_a_core_or_a_device() -> None:
    cores = Node("1", "cores", 16, 0)
    assert shares(cores, 4, "none") == [Share(4, 0)] * 4
    assert shares(cores, 5, "any") == [Share(5, 0)] * 3
    assert shares(cores, 17, "none") == []
    assert shares(cores, 4, "needed") == []
    devices = Node("2", "devices", 16, 2)
    assert shares(devices, 32, "needed") == [Share(8, 1)] * 2
    assert shares(devices, 4, "any") == [Share(4, 1)] * 2
    assert shares(devices, 4, "none") == [Share(4, 0)] * 4
    assert shares(Node("3", "few cores", 1, 2), 4, "needed") == [Share(0, 1)] * 2
