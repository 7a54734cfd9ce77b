"""``simcore list``: the names that the command line accepts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import prod
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from simcore.cli.console import console, print_json, table
from simcore.cli.guard import in_lines
from simcore.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from simcore.dram.tables import ResolvedDram

T = TypeVar("T")
Name = TypeVar("Name")


def list_command(what: str, as_json: bool, directory: str | None = None) -> None:
    """Print the names of one kind of thing, with a description of each. Raise InputError for an unknown kind.

    ``directory`` is where saved runs are looked for; only ``runs`` takes one.
    """
    if what == "runs":
        from simcore.cli.listing_runs import list_runs

        list_runs(directory or ".", as_json)
        return
    if directory is not None:
        raise InputError(f"'list {what}' takes no directory, got '{directory}'", hint="'list runs DIR' does")
    if what not in LISTS:
        raise InputError(f"cannot list {what!r}", hint=did_you_mean(what, [*LISTS, "runs"]))
    rows = LISTS[what]()
    if as_json:
        print_json(rows)
    else:
        columns = list(rows[0])
        texts = [column for column in columns if isinstance(rows[0][column], str)]
        shown = [tuple(row[column] for column in columns) for row in rows]
        console().print(table(f"{what.capitalize()}", columns, shown, text_columns=len(texts)))
        if what in NOTES:
            console().print(NOTES[what](), markup=False)


def _those_that_load(names: Iterable[Name], load: Callable[[Name], T]) -> Iterator[T]:
    """Yield what can be loaded. Tell on stderr why a name cannot, so that one broken extension does not hide the others."""
    for name in names:
        try:
            yield load(name)
        except InputError as error:
            typer.echo(in_lines(error), err=True)


def _systems() -> list[dict[str, Any]]:
    from simcore.spec import load_system, preset_names

    systems = [load_system(name) for name in preset_names()]
    return [{"name": system.name, "kind": system.kind, "description": system.description} for system in systems]


def _kinds() -> list[dict[str, Any]]:
    from simcore.kinds import kind_names, machine_kind

    kinds = _those_that_load(kind_names(), machine_kind)
    return [{"name": kind.name, "engines": ", ".join(kind.engines), "description": kind.description} for kind in kinds]


def _networks() -> list[dict[str, Any]]:
    from workloads.networks import INFERENCE_NETWORKS, NETWORKS

    built = {name: build() for name, build in sorted({**NETWORKS, **INFERENCE_NETWORKS}.items())}
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
    from simcore.timing.bank_timing import list_timings

    return [
        {
            "name": name,
            "parameters": ", ".join(f"{key}={value}" for key, value in model.parameters.items()),
            "description": _first_sentence(model),
        }
        for name, model in list_timings().items()
    ]


def _first_sentence(model: type) -> str:
    text = (model.__doc__ or "").strip().split("\n\n")[0].replace("``", "").replace("\n    ", " ")
    return text.split(". ")[0].rstrip(".")


def _cells() -> list[dict[str, Any]]:
    from models.arrays.cells import memory_cells
    from models.arrays.table import families

    known: dict[str, dict[int, set[str]]] = {}
    for family in families():
        known.setdefault(family.cell, {}).setdefault(family.node_nm, set()).add(family.leakage_class)
    return [
        {
            "name": name,
            "known_at": "; ".join(f"{node} nm: {', '.join(sorted(classes))}" for node, classes in sorted(known[name].items())),
            "area_f2": cell.area_f2,
            "pulse_ns": cell.pulse_ns,
            "voltage_v": cell.nominal_voltage_v,
        }
        for name, cell in memory_cells().items()
    ]


def _dataflows() -> list[dict[str, Any]]:
    from simcore.kinds import kind_names, machine_kind

    kinds = _those_that_load(kind_names(), machine_kind)
    named = [(name, kind) for kind in kinds for name in kind.dataflow_names()]
    described = _those_that_load(named, lambda pair: (pair[0], pair[1].dataflow_description(pair[0])))
    return [{"name": name, "description": text} for name, text in described]


def _drams(names: Iterable[str], more: Callable[[ResolvedDram], dict[str, Any]]) -> list[dict[str, Any]]:
    from simcore.dram.resolve import load_dram
    from simcore.dram.standard import load_standard

    found = {name: load_dram(name) for name in names}
    return [
        {
            "name": name,
            "description": load_standard(name).spec.description.split(" (")[0],
            "organisation": dram.organisation,
            "banks": prod(dram.counts[: dram.bank_level + 1]),
            **more(dram),
        }
        for name, dram in found.items()
    ]


def _pim() -> list[dict[str, Any]]:
    from simcore.dram.standard import pim_names

    return _drams(
        pim_names(),
        lambda dram: {
            "subarrays_of_a_bank": dram.node_counts[-1],
            "columns": dram.counts[-1] * dram.transaction_bytes * 8,
        },
    )


def _standards() -> list[dict[str, Any]]:
    from simcore.dram.resolve import dram_names
    from simcore.dram.statistics import peak_bandwidth_bytes_per_s

    return _drams(dram_names(), lambda dram: {"tck_ps": dram.tck_ps, "peak_gb_per_s": peak_bandwidth_bytes_per_s(dram) / 1e9})


def _studies() -> list[dict[str, Any]]:
    from simcore.studies.registry import STUDIES, load_study

    return [{"name": study.name, "description": study.summary} for study in _those_that_load(STUDIES, load_study)]


def _families() -> str:
    from workloads.networks.families import FAMILIES

    example = "vgg16-48 for images of 48 x 48 and 10 classes, resnet18-64-100 for 100 classes"
    example += ", vgg8-narrow8-32 with an eighth of the channels"
    return f"Families, for images of any side, as FAMILY-SIDE or FAMILY-SIDE-CLASSES: {', '.join(FAMILIES)}. Such as {example}."


#: What is printed below a list.
NOTES: dict[str, Callable[[], str]] = {"networks": _families}

LISTS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "systems": _systems,
    "kinds": _kinds,
    "networks": _networks,
    "memories": _memories,
    "cells": _cells,
    "dataflows": _dataflows,
    "standards": _standards,
    "pim": _pim,
    "studies": _studies,
}
