"""Figures at a process node: those of a table, and between its nodes an interpolation. Beyond its nodes there are none."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp, log
from typing import NamedTuple

from simcore.errors import InputError


class AtNode(NamedTuple):
    """A figure at a node. ``given`` is True if the table has the node, False if the figure lies between two nodes."""

    value: float
    given: bool


def at_node(points: Mapping[int, float], node_nm: int, what: str) -> AtNode:
    """Return the figure at a node by a straight line on logarithmic axes between the neighbouring nodes of the table.

    ``what`` names the figure in errors. Raise InputError, which names the nearest node, for a node beyond the table's.
    """
    if node_nm in points:
        return AtNode(float(points[node_nm]), True)
    require_between(points, node_nm, what)
    low, high = neighbours(points, node_nm)
    share = node_share(low, high, node_nm)
    return AtNode(exp((1 - share) * log(points[low]) + share * log(points[high])), False)


def require_between(nodes: Iterable[int], node_nm: int, what: str) -> None:
    """Raise InputError unless ``node_nm`` lies between the least and the greatest node, both included."""
    known = sorted(nodes)
    if not known[0] <= node_nm <= known[-1]:
        raise no_figures(what, f"{known[0]} to {known[-1]} nm", node_nm, known)


def no_figures(what: str, known: str, node_nm: int, nodes: Iterable[int]) -> InputError:
    """Return the error for a node without figures. ``known`` says in words which nodes have some."""
    nearest = min(nodes, key=lambda node: (abs(log(node / node_nm)), node))
    message = f"expected {known}, the nodes with figures of {what}, got {node_nm}"
    return InputError(message, where="technology.node_nm", hint=f"the nearest is {nearest}")


def neighbours(nodes: Iterable[int], node_nm: int) -> tuple[int, int]:
    """Return the nearest node below and the nearest above."""
    known = list(nodes)
    return max(node for node in known if node < node_nm), min(node for node in known if node > node_nm)


def node_share(low: int, high: int, node_nm: int) -> float:
    """Return how far a node lies from ``low`` to ``high`` on a logarithmic axis, from 0 to 1."""
    return log(node_nm / low) / log(high / low)
