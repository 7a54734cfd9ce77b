"""Networks and machines of which tensors stay in scratchpads, and the bytes that they move."""

from __future__ import annotations

from math import prod

from simcore.program.program import Program
from simcore.spec import System, load_system
from workloads.dataflow import lower_network
from workloads.layers import Input
from workloads.network import Network

PADS = ("ifmap", "filter", "ofmap", "accumulator")


def sized(name: str, capacity: str, *more: str) -> System:
    return load_system(name, [*(f"scratchpads.{pad}.capacity_bytes={capacity}" for pad in PADS), KEPT, *more])


KEPT = "layer_results=scratchpads"


def moved(network: Network, system: System) -> int:
    """Return the bytes that a network moves, from its Programs alone."""
    programs = [program for _, program, _ in lower_network(network, system) if program is not None]
    return sum(program.facts["dram_read_bytes"] + program.facts["dram_write_bytes"] for program in programs)


def minimum(step: Network, states: int, word_bytes: int) -> int:
    """Return the least bytes of a training step: images and labels in, weights and moments in and out, each once."""
    given = sum(step.batch * prod(layer.shape) for name in step.order() if isinstance(layer := step.layer(name), Input))
    weights = sum(prod(each.output_shape) for each in step.instances() if each.layer.pass_name == "update")
    return word_bytes * (given + 2 * states * weights)


def lowered(network: Network, system: System) -> dict[str, Program]:
    return {instance.name: program for instance, program, _ in lower_network(network, system) if program is not None}
