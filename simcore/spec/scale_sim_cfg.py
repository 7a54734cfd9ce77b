"""A reader of SCALE-Sim's ``.cfg``, which makes a System whose stall-free cycles are SCALE-Sim's.

The reader chooses what SCALE-Sim leaves open so that the scratchpads add no stalls of their own. SCALE-Sim has no banks, line
width or port limit at the array's edge. The System has 8 banks of 4 ports and lines of 32 B, the vector of a 32-wide array, so
that SCALE-Sim's smallest SRAM, 1 kB, still divides evenly. (ResNet18's layer2.0.conv1 takes as many cycles with 64 ports, for any
dataflow, on arrays of 32x32 and 128x128.) SCALE-Sim has no clock, so the System runs at 1 GHz; words have 1 byte.

Main memory answers after 1 cycle, as in SCALE-Sim. The System has one shared port where SCALE-Sim gives each operand its own. The
DMA starts one burst per cycle, so it moves at most one burst per cycle: 256 bytes. SCALE-Sim's CALC mode never waits for main
memory, so here it gets one such burst every cycle.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from simcore.errors import InputError, did_you_mean, raise_all
from simcore.reading.numbers import shown, whole_number
from simcore.reading.tree import Entry, entry

SECTIONS = ("general", "architecture_presets", "layout", "sparsity", "run_presets", "network_presets")
DATAFLOWS = ("os", "ws", "is")
MODES = ("CALC", "USER")

_SIZES = {"ifmap": "IfmapSramSzkB", "filter": "FilterSramSzkB", "ofmap": "OfmapSramSzkB"}
_MEANT = ("ArrayHeight", "ArrayWidth", *_SIZES.values(), "Dataflow", "Bandwidth")
# The first SCALE-Sim (ARM-software/SCALE-Sim) spells the sizes without the unit; they are in kB too.
_OLD_SPELLINGS = {"ifmapsramsz": "IfmapSramSzkB", "filtersramsz": "FilterSramSzkB", "ofmapsramsz": "OfmapSramSzkB"}
# Keys of configs/*.cfg (SCALE-Sim v1 to v3) that have no meaning here: operand addresses, request buffers of its Ramulator
# coupling, banks and layouts (which act on its stalls only), and sparsity options (sparsity itself is refused below).
_IGNORED = (
    *("IfmapOffset", "FilterOffset", "OfmapOffset", "MemoryBanks", "OnChipMemoryBanks", "OnChipMemoryBankPorts"),
    *("ReadRequestBuffer", "WriteRequestBuffer", "IfmapCustomLayout", "FilterCustomLayout"),
    *("IfmapSRAMBankBandwidth", "IfmapSRAMBankNum", "IfmapSRAMBankPort"),
    *("FilterSRAMBankBandwidth", "FilterSRAMBankNum", "FilterSRAMBankPort"),
    *("SparsitySupport", "SparseRep", "SparseAcc", "OptimizedMapping", "BlockSize", "RandomNumberGeneratorSeed"),
)
_RUN_PRESETS = (
    *("InterfaceBandwidth", "UseRamulatorTrace", "TimeLinearModel"),
    *("SRAM_row_size", "SRAM_bank_size", "DRAM_row_size", "DRAM_bank_size"),
)
_KNOWN_KEYS = {"architecture_presets": _MEANT + _IGNORED, "run_presets": _RUN_PRESETS}

_LINE_BYTES = 32
_BANKS = 8
_PORTS_PER_BANK = 4
_WRITE_BUFFER_LINES = 256
_CLOCK_HZ = 10**9
_BURST_BYTES = 256
_CALC_BYTES_PER_CYCLE = _BURST_BYTES
_OUTSTANDING_BURSTS = 64


@dataclass
class _Cfg:
    """The texts by lower-case section and key, each with its line, and the errors found so far."""

    source: str
    texts: dict[tuple[str, str], Entry] = field(default_factory=dict)
    sections: dict[str, str] = field(default_factory=dict)
    errors: list[InputError] = field(default_factory=list)

    def wrong(self, message: str, where: str | None = None, hint: str | None = None) -> None:
        self.errors.append(InputError(message, where or self.source, hint))

    def text(self, section: str, key: str) -> Entry | None:
        return self.texts.get((section, key.lower()))

    def needed(self, key: str) -> Entry | None:
        found = self.text("architecture_presets", key)
        if found is None:
            self.wrong(f"missing key '{key}' in [architecture_presets]", self.sections.get("architecture_presets"))
        return found

    def count(self, found: Entry | None, key: str) -> Entry | None:
        """Return a positive integer. For anything else, note an error and return None."""
        if found is None:
            return None
        text = str(found.value)
        number = whole_number(text)
        if number is None or number < 1:
            self.wrong(f"{key}: expected an integer of at least 1, got {shown(text)}", found.where)
            return None
        return Entry(number, found.where, found.key_where)


def read_scale_sim_cfg(text: str, source: str, name: str) -> tuple[Entry, list[InputError]]:
    """Return a System's tree from the ``.cfg`` text. ``name`` is the System's name if the file gives no run_name.

    Raise InputError (InputErrors for several) for a line that is no section, key or comment; an unknown section or key; a missing
    key of [architecture_presets]; a dataflow other than os, ws, is; a value that is no positive integer; sparsity.
    """
    cfg = _sections(text, source)
    _refuse_unknown(cfg)
    _refuse_sparsity(cfg)
    tree = _system(cfg, name)
    raise_all(cfg.errors)
    return tree, []


def _sections(text: str, source: str) -> _Cfg:
    cfg = _Cfg(source)
    section = None
    for number, line in enumerate(text.splitlines(), start=1):
        where, line = f"{source}:{number}", line.strip()
        if not line or line[0] in "#;":
            continue
        header = re.fullmatch(r"\[(.+)\]", line)
        pair = re.fullmatch(r"([^:=]+?)\s*[:=]\s*(.*)", line)
        if header:
            section = header[1].strip().lower()
            cfg.sections.setdefault(section, where)
        elif pair is None:
            cfg.wrong(f"expected [section] or KEY: VALUE, got {shown(line)}", where)
        elif section is None:
            cfg.wrong(f"expected a [section] before the first key, got {shown(line)}", where)
        else:
            _keep(cfg, section, pair[1], Entry(pair[2].strip().strip("\"'"), where, where))
    return cfg


def _keep(cfg: _Cfg, section: str, key: str, value: Entry) -> None:
    place = (section, _OLD_SPELLINGS.get(key.lower(), key).lower())
    known = _KNOWN_KEYS.get(section)
    if known is not None and place[1] not in [name.lower() for name in known]:
        cfg.wrong(f"unknown key '{key}' in [{section}]", value.where, did_you_mean(key, known))
    elif place in cfg.texts:
        cfg.wrong(f"duplicate key '{key}' in [{section}]", value.where, f"first written at {cfg.texts[place].where}")
    else:
        cfg.texts[place] = value


def _refuse_unknown(cfg: _Cfg) -> None:
    for section, where in cfg.sections.items():
        if section not in SECTIONS:
            cfg.wrong(f"unknown section [{section}]", where, did_you_mean(section, SECTIONS))


def _refuse_sparsity(cfg: _Cfg) -> None:
    for section in ("sparsity", "architecture_presets"):
        support = cfg.text(section, "SparsitySupport")
        if support is not None and str(support.value).lower() != "false":
            cfg.wrong(f"SparsitySupport: expected false (sparse runs are not simulated), got {support.value!r}", support.where)


def _system(cfg: _Cfg, name: str) -> Entry:
    if "architecture_presets" not in cfg.sections:
        cfg.wrong("missing section [architecture_presets]")
        return entry(None, cfg.source)
    run_name = cfg.text("general", "run_name")
    rows = cfg.count(cfg.needed("ArrayHeight"), "ArrayHeight")
    columns = cfg.count(cfg.needed("ArrayWidth"), "ArrayWidth")
    array = {"rows": rows, "columns": columns, "dataflow": _dataflow(cfg)}
    scratchpads = {operand: _scratchpad(cfg, key) for operand, key in _SIZES.items()}
    memory = {"clock_hz": _CLOCK_HZ, "latency_cycles": 1, "bytes_per_cycle": _bytes_per_cycle(cfg)}
    return _entry(
        {
            "name": run_name if run_name is not None and run_name.value else name,
            "core_clock_hz": _CLOCK_HZ,
            "shapes": "scale-sim",
            "tiling": "whole",
            "array": array | {"fold_overlap": "none", "edge": "skew-registers", "partial_sums": "ofmap"},
            "words": {"ifmap_bytes": 1, "filter_bytes": 1, "ofmap_bytes": 1, "psum_bytes": 1},
            "scratchpads": scratchpads,
            "dma": {"outstanding_bursts": _OUTSTANDING_BURSTS, "burst_bytes": _BURST_BYTES},
            "memory": memory,
        },
        cfg.source,
    )


def _scratchpad(cfg: _Cfg, key: str) -> dict[str, Any]:
    size = cfg.count(cfg.needed(key), key)
    capacity = Entry(int(str(size.value)) * 1024, size.where, size.key_where) if size else None
    return {
        "capacity_bytes": capacity,
        "banks": _BANKS,
        "line_bytes": _LINE_BYTES,
        "ports_per_bank": _PORTS_PER_BANK,
        "timing": "sram",
        "write_buffer": {"depth": _WRITE_BUFFER_LINES},
    }


def _dataflow(cfg: _Cfg) -> Entry | None:
    found = cfg.needed("Dataflow")
    if found is not None and found.value not in DATAFLOWS:
        # SCALE-Sim prints a warning here and simulates os.
        cfg.wrong(f"Dataflow: expected {', '.join(DATAFLOWS)}, got {found.value!r}", found.where)
    return found


def _bytes_per_cycle(cfg: _Cfg) -> Entry | int:
    """Return the words (bytes) per cycle between main memory and the scratchpads: the least of several, as in SCALE-Sim."""
    mode = cfg.text("run_presets", "InterfaceBandwidth")
    if mode is not None and mode.value not in MODES:
        cfg.wrong(f"InterfaceBandwidth: expected {' or '.join(MODES)}, got {mode.value!r}", mode.where)
    if mode is None or mode.value != "USER":
        return _CALC_BYTES_PER_CYCLE
    found = cfg.needed("Bandwidth")
    if found is None:
        return _CALC_BYTES_PER_CYCLE
    words = [cfg.count(Entry(text.strip(), found.where, found.where), "Bandwidth") for text in str(found.value).split(",")]
    counts = [int(str(count.value)) for count in words if count is not None]
    return Entry(min(counts), found.where, found.where) if counts else _CALC_BYTES_PER_CYCLE


def _entry(value: Any, where: str) -> Entry:
    """Return a mapping as an entry. Values that already have a place keep it."""
    if isinstance(value, Entry):
        return value
    if isinstance(value, dict):
        return Entry({key: _entry(item, where) for key, item in value.items()}, where, where)
    return entry(value, where)
