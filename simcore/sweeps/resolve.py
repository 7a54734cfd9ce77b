"""The points of a space with their networks and machines. A point's name is a hash of all that its results depend on."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from simcore.errors import InputError
from simcore.kinds import kind_of
from simcore.reading.overrides import Overrides
from simcore.reading.tree import Entry, plain
from simcore.simulation import network_for, wanted_layers
from simcore.spec import MachineSpec, override_system
from simcore.spec.load import system_reader
from simcore.sweeps.code_version import code_version
from simcore.sweeps.space import NETWORK, RUN, SYSTEM, Choice

if TYPE_CHECKING:
    from workloads.network import Network

_FILES = (".onnx", ".csv", ".yaml", ".yml", ".cfg")


@dataclass(frozen=True)
class Order:
    """What one point simulates."""

    network: Network
    machine: MachineSpec
    engine: str
    layers: str | None


@dataclass(frozen=True)
class Point:
    """A point by name. Points of one ``group`` take the same cycles for the same work, so that one simulation serves them all."""

    name: str
    group: str
    order: Order


class Resolver:
    """Makes points of choices. It reads each file and builds each network once."""

    def __init__(self, folder: Path | None) -> None:
        """Begin without any file. Relative paths of choices begin in ``folder``, or in the working directory for None."""
        self.folder = folder
        self._systems: dict[str, Callable[[Overrides], MachineSpec]] = {}
        self._alone: dict[str, MachineSpec] = {}
        self._networks: dict[tuple[object, ...], tuple[Network, str]] = {}
        self._hashes: dict[Path, str] = {}

    def point(self, choice: Choice) -> Point:
        """Return the point that a choice describes. Raise InputError if it describes none."""
        options = {key.removeprefix(RUN): plain(item.value) for key, item in choice.items() if key.startswith(RUN)}
        machine = self.machine(choice)
        kind = kind_of(machine)
        network, content = self._network(choice[NETWORK], machine, options)
        layers = _layers(options.get("layers"))
        if layers is not None:
            wanted_layers(network, layers)
        order = Order(network, machine, kind.engine_named(options.get("engine")), layers)
        files = [self._file_hash(path) for path in sorted(kind.input_files(machine))]
        shared = [code_version(), content, order.engine, layers, kind.name, files]
        return Point(_hash([*shared, machine.content_hash()]), _hash([*shared, kind.cycle_content(machine)]), order)

    def machine(self, choice: Choice) -> MachineSpec:
        """Return the machine of a choice. Raise InputError if it describes none."""
        read = self._reader(choice[SYSTEM])
        overrides = {key: self._anchored(item) for key, item in choice.items() if _is_key(key)}
        dataflow = choice.get(f"{RUN}dataflow")
        if dataflow is None:
            return read(overrides)
        kind = kind_of(self.system_of(choice))
        named = kind.dataflow_of(_placed_text(self._anchored(dataflow), "a dataflow"))
        return read({**overrides, kind.dataflow_key: Entry(named, dataflow.where, dataflow.key_where)})

    def system_of(self, choice: Choice) -> MachineSpec:
        """Return the system of a choice as its file or preset describes it, without any key of the choice."""
        source = choice[SYSTEM].value
        if isinstance(source, MachineSpec):
            return source
        if str(source) not in self._alone:
            self._alone[str(source)] = self._reader(choice[SYSTEM])(())
        return self._alone[str(source)]

    def _reader(self, item: Entry) -> Callable[[Overrides], MachineSpec]:
        """Return the function that reads a system with overrides. Its file is read once."""
        source: Any = item.value
        if isinstance(source, MachineSpec):
            return partial(override_system, source)
        named = _placed_text(item, "the name or file of a system")
        if named not in self._systems:
            self._systems[named] = system_reader(self._path(named))
        return self._systems[named]

    def _network(self, item: Entry, machine: MachineSpec, options: Mapping[str, Any]) -> tuple[Network, str]:
        """Return the network of a point, and a hash of its content."""
        value: Any = item.value
        is_plain = value is None or isinstance(value, str | Path | int | float | dict | list)
        source = self._path(_placed_text(item, "the name or file of a network")) if is_plain else value
        batch, training = options.get("batch"), _optimizer(options.get("training"))
        key = (source if is_plain else id(value), batch, training, machine.shapes)
        if key not in self._networks:
            made = network_for(source, machine, batch, training)
            self._networks[key] = made, network_content(made)
        return self._networks[key]

    def _file_hash(self, path: Path) -> str:
        if path not in self._hashes:
            try:
                self._hashes[path] = hashlib.sha256(path.read_bytes()).hexdigest()
            except OSError as error:
                raise InputError(f"expected a readable file, got: {error.strerror or error}", str(path)) from error
        return self._hashes[path]

    def _path(self, text: str) -> str:
        """Return the path of a file that the space names, which begins in its folder. Return any other name as it is."""
        is_file = text.endswith(_FILES) or ".py:" in text
        return str(self.folder / text) if is_file and self.folder is not None and not os.path.isabs(text) else text

    def _anchored(self, item: Entry) -> Entry:
        return Entry(self._path(item.value), item.where, item.key_where) if isinstance(item.value, str) else item


def network_content(network: Network) -> str:
    """Return a hash of a network: its layers with all their sizes, what flows between them, and the batch."""
    nodes = [
        [name, f"{type(layer).__module__}.{type(layer).__qualname__}", repr(layer)]
        for name, layer in network.graph.nodes(data="layer")
    ]
    edges = [[one, other, repr(sorted(data.items()))] for one, other, data in network.graph.edges(data=True)]
    return _hash([nodes, edges, network.batch])


def _hash(content: object) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]


def _is_key(key: str) -> bool:
    """Return whether an axis is a key of the System."""
    return key not in (NETWORK, SYSTEM) and not key.startswith(RUN)


def _placed_text(item: Entry, expected: str) -> str:
    if isinstance(item.value, Path):
        return str(item.value)
    if not isinstance(item.value, str):
        raise InputError(f"expected {expected}, got {plain(item.value)!r}", item.where)
    return item.value


def _layers(value: object) -> str | None:
    """Return the patterns of layers, comma separated, or None for all."""
    return ",".join(map(str, value)) if isinstance(value, list) else None if value is None else str(value)


def _optimizer(value: object) -> str | None:
    """Return the optimiser of a training step; ``true`` stands for plain sgd, ``false`` and ``none`` for inference."""
    if isinstance(value, bool):
        return "sgd" if value else None
    return None if value in (None, "none") else str(value)
