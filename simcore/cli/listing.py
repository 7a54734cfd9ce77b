"""``simcore list``: what can be named on the command line."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from simcore.cli.console import console, print_json, table
from simcore.errors import InputError, did_you_mean

DATAFLOWS = {
    "ws": "weight-stationary: filters stay in the array, ifmap streams through, partial sums leave at the bottom",
    "os": "output-stationary: each processing element keeps one output, ifmap and filters stream through",
    "is": "input-stationary: ifmap stays in the array, filters stream through, partial sums leave at the bottom",
}


def list_command(what: str, as_json: bool) -> None:
    """Print the names of one kind with what they are. Raises InputError for another kind."""
    if what not in KINDS:
        raise InputError(f"cannot list {what!r}", hint=did_you_mean(what, KINDS))
    rows = KINDS[what]()
    if as_json:
        print_json(rows)
    else:
        columns = list(rows[0])
        texts = [column for column in columns if isinstance(rows[0][column], str)]
        shown = [tuple(row[column] for column in columns) for row in rows]
        console().print(table(f"{what.capitalize()}", columns, shown, text_columns=len(texts)))


def _systems() -> list[dict[str, Any]]:
    from simcore.spec import load_system, preset_names

    systems = [load_system(name) for name in preset_names()]
    return [{"name": system.name, "description": system.description} for system in systems]


def _networks() -> list[dict[str, Any]]:
    from workloads.networks import NETWORKS

    built = {name: build() for name, build in NETWORKS.items()}
    return [
        {
            "name": name,
            "layers": len(network.instances()),
            "macs_millions": network.macs() / 1e6,
            "parameters_millions": network.parameters() / 1e6,
        }
        for name, network in built.items()
    ]


def _memories() -> list[dict[str, Any]]:
    from simcore.timing import list_timings

    return [
        {
            "name": name,
            "parameters": ", ".join(f"{key}={value}" for key, value in model.parameters.items()),
            "description": _first_sentence(model),
        }
        for name, model in list_timings().items()
    ]


def _drams() -> list[dict[str, Any]]:
    from simcore.dram.resolve import dram_names, load_dram

    found = [load_dram(name) for name in dram_names()]
    return [
        {
            "name": dram.name,
            "standard": dram.standard,
            "organisation": dram.organisation,
            "clock_mhz": 1e6 / dram.tck_ps,
            "channel_width_bits": dram.channel_width_bits,
            "data_bus_gb_per_s": 1e3 * dram.transaction_bytes / (dram.burst_cycles * dram.tck_ps),
            "capacity_gib": prod(dram.counts) * dram.transaction_bytes / 2**30,
        }
        for dram in found
    ]


def _first_sentence(model: type) -> str:
    text = (model.__doc__ or "").strip().split("\n\n")[0].replace("``", "").replace("\n    ", " ")
    return text.split(". ")[0].rstrip(".")


def _dataflows() -> list[dict[str, Any]]:
    return [{"name": name, "description": text} for name, text in DATAFLOWS.items()]


KINDS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "systems": _systems,
    "networks": _networks,
    "memories": _memories,
    "drams": _drams,
    "dataflows": _dataflows,
}
