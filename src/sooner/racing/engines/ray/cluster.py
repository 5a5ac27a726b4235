"""The cluster: the one that runs already, or one of this machine alone for as long as the race needs it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import ray
from ray.exceptions import RayError

from sooner.errors import SoonerError
from sooner.racing.machine.cores import usable_cores

_QUIET: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}

Devices = Literal["none", "any", "needed"]


@dataclass(frozen=True)
class Node:
    """A live machine of the cluster: `cores` and `devices` are those that Ray was started with there."""

    id: str
    name: str
    cores: int
    devices: int


@dataclass(frozen=True)
class Share:
    """Of a node, what one worker has to itself."""

    cores: int
    devices: int


def connect() -> Callable[[], None]:
    """Join the cluster of RAY_ADDRESS, else the one that runs on this machine, else start one; returns what leaves it.

    A connection that the process has already is used, and not ended. Raises SoonerError where RAY_ADDRESS names a
    cluster that is not there, or nothing can be started.
    """
    if ray.is_initialized():
        return lambda: None
    address = os.environ.get("RAY_ADDRESS")
    if address is not None and address.startswith("ray://"):
        raise SoonerError(
            f"RAY_ADDRESS is {address}, for Ray's client; start the race on a node of the cluster, with RAY_ADDRESS "
            "unset or HOST:6379 of its head"
        )
    try:
        if not (address != "local" and _join(address)):
            ray.init(address="local", num_cpus=usable_cores(), include_dashboard=False, **_QUIET)
    except (ConnectionError, RayError, RuntimeError, ValueError, OSError) as error:
        where = f"the cluster at RAY_ADDRESS={address}" if address else "a cluster on this machine"
        raise SoonerError(
            f"could not reach or start {where}: {error}. `ray status` says whether a cluster runs; without one, unset "
            "RAY_ADDRESS, or leave --engine ray out"
        ) from error
    return ray.shutdown


def _join(address: str | None) -> bool:
    """Whether there is a cluster to join, and it was joined. Raises ConnectionError where a named one is not there."""
    try:
        ray.init(address=address or "auto", **_QUIET)
    except ConnectionError:
        if address not in (None, "auto"):
            raise
        return False
    return True


def nodes() -> list[Node]:
    """The machines of the cluster that are alive, in the order of their names."""
    nodes = []
    for node in ray.nodes():  # type: ignore[no-untyped-call]
        if node["Alive"]:
            given = node["NodeName"]
            name = node["NodeManagerHostname"] if given == node["NodeManagerAddress"] else given
            resources = node["Resources"]
            nodes.append(Node(node["NodeID"], name, int(resources.get("CPU", 0)), int(resources.get("GPU", 0))))
    return sorted(nodes, key=lambda node: (node.name, node.id))


def shares(node: Node, threads: int, devices: Devices) -> list[Share]:
    """How a node is divided among workers that never share a core or a device; empty where it has not enough.

    Args:
        node: what is divided.
        threads: of a run; a worker without a device gets as many cores.
        devices: "needed" by every run; "none"; or "any" for programs, which take what they find: where the node has
            devices, each worker gets one. A worker with a device gets its part of the cores, at most `threads`.
    """
    if devices != "none" and node.devices:
        return [Share(min(threads, node.cores // node.devices), 1)] * node.devices
    return [] if devices == "needed" else [Share(threads, 0)] * (node.cores // threads)
