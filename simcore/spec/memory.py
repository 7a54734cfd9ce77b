"""Main memory: a latency and a bandwidth, or a DRAM simulated command by command."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    PlainSerializer,
    PlainValidator,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from simcore.dram.controller import ControllerSpec
from simcore.errors import InputError, InputErrors, did_you_mean
from simcore.reading.keys import Written, key
from simcore.reading.rates import format_rate, parse_bytes_per_cycle
from simcore.reading.tree import MEMORY_KEYS
from simcore.reading.values import TAG, Broken, Count, FrequencyHz, Spec, Text, raise_broken

if TYPE_CHECKING:
    from simcore.dram.tables import ResolvedDram

T = TypeVar("T")

#: The models, the default first.
MODELS = ("simple", "dram")


def _bytes_per_cycle(value: object, info: ValidationInfo) -> Fraction:
    """Return the bandwidth per cycle of the memory's clock, which the field above gives if it is right."""
    try:
        return parse_bytes_per_cycle(value, info.data.get("clock_hz", 1))
    except InputError as error:
        raise_broken([Broken((), error.message, error.hint)])
        raise


BytesPerCycle = Annotated[
    Fraction,
    PlainValidator(_bytes_per_cycle),
    PlainSerializer(format_rate, when_used="json"),
    Written(
        "a number from 0.01 to 2^20 such as `16` or `478.7`, a fraction `4787/10`, or a bandwidth `450 GB/s`", "bytes per cycle"
    ),
]


class SimpleMemorySpec(Spec):
    """Main memory behind one shared port. Latency and bandwidth count cycles of the memory's own clock."""

    model: Annotated[
        Literal["simple"], key("Main memory as a latency and a bandwidth (`simple`), or as a DRAM (`dram`).", cycles=True)
    ] = "simple"
    clock_hz: Annotated[FrequencyHz, key("Frequency of the memory's own clock.", cycles=True)]
    latency_cycles: Annotated[
        Count, key("Cycles of the memory's clock from a burst's request to its first bytes.", "cycles", cycles=True)
    ]
    bytes_per_cycle: Annotated[
        BytesPerCycle, key("Bytes that the memory moves in a cycle of its own clock, exactly, whatever the bursts.", cycles=True)
    ]
    type: Annotated[
        Text | None,
        key(
            "Type of main memory whose energy is charged: `ddr3`, `ddr4`, `hbm2`, `lpddr4`, `gddr5` or `gddr6`. Without it main "
            "memory has no energy, and the results say so (docs/energy.md).",
            cycles=False,
        ),
    ] = None


class DramMemorySpec(Spec):
    """A DRAM standard with one controller per channel. Its clock is the standard's."""

    model: Annotated[
        Literal["dram"], key("Main memory as a latency and a bandwidth (`simple`), or as a DRAM (`dram`).", cycles=True)
    ] = "dram"
    standard: Annotated[
        Text,
        Field(min_length=1),
        key("The DRAM: a preset (`simcore list standards`), a YAML table, or `FILE.py:NAME` (docs/dram.md).", cycles=True),
    ]
    overrides: Annotated[
        dict[Text, Count],
        key("Timings in DRAM cycles (`nRCD: 17`) and counts of levels (`rank: 2`), in place of the standard's.", cycles=True),
    ] = Field(default_factory=dict)
    controller: Annotated[ControllerSpec, key("The controllers of the channels, all alike.")] = ControllerSpec()

    @field_validator("standard")
    @classmethod
    def _can_be_read(cls, standard: str) -> str:
        """Check the standard as a rule of its field, so that a missing table is reported together with other errors."""
        from simcore.dram.resolve import load_dram

        _, broken = _blaming((), lambda: load_dram(standard))
        raise_broken(broken)
        return standard

    @model_validator(mode="after")
    def _usable(self) -> Self:
        from simcore.dram.controller_check import check_controller
        from simcore.dram.mapping import address_mapping
        from simcore.dram.resolve import load_dram

        broken = self._unknown_overrides()
        changed = None
        if not broken:
            changed, broken = _blaming(("overrides",), self.resolved)
        dram = changed or load_dram(self.standard)
        broken += _blaming(("controller",), lambda: check_controller(dram, self.controller))[1]
        broken += _blaming(("controller", "mapping"), lambda: address_mapping(dram, self.controller.mapping))[1]
        raise_broken(broken)
        return self

    def _unknown_overrides(self) -> list[Broken]:
        from simcore.dram.resolve import load_dram
        from simcore.dram.standard import load_standard

        if not self.overrides:
            return []
        known = [*load_dram(self.standard).levels, *load_standard(self.standard).spec.parameters]
        return [
            Broken(("overrides", name), "expected a timing or a level of the standard", did_you_mean(name, known))
            for name in self.overrides
            if name not in known
        ]

    def resolved(self) -> ResolvedDram:
        """Return the standard with the overrides, resolved to integers."""
        from simcore.dram.resolve import load_dram

        return load_dram(self.standard, self.overrides)


def _blaming(path: tuple[str, ...], make: Callable[[], T]) -> tuple[T | None, list[Broken]]:
    """Return the result of ``make``.

    Report an InputError as a rule that the key at ``path`` breaks; ``()`` keeps places in a table.
    """
    try:
        return make(), []
    except InputError as error:
        found = error.errors if isinstance(error, InputErrors) else (error,)
        return None, [
            Broken(path, f"{item.where}: {item.message}" if not path and item.where else item.message, item.hint)
            for item in found
        ]


def _spelt_out(value: object) -> object:
    """Expand a text into the DRAM standard of that name. Refuse other values that are no memory, and unknown models."""
    if isinstance(value, str):
        return {"model": "dram", "standard": value}
    if isinstance(value, dict):
        model = value.get("model", MODELS[0])
        if model not in MODELS:
            shown = f"'{model}'" if isinstance(model, str) else str(model)
            hint = did_you_mean(model, MODELS) if isinstance(model, str) else None
            raise_broken([Broken(("model",), f"expected {' or '.join(map(repr, MODELS))}, got {shown}", hint)])
        if model == "simple":
            raise_broken([_key_of_a_dram(name, value[name]) for name in MEMORY_KEYS["dram"] if name in value])
    elif not isinstance(value, Spec):
        got = "a list" if isinstance(value, list | tuple) else str(value).lower() if isinstance(value, bool) else str(value)
        raise_broken([Broken((), f"expected a mapping, or the name of a DRAM standard, got {got}")])
    return value


def _key_of_a_dram(name: str, value: object) -> Broken:
    hint = "for a DRAM, set memory=NAME or memory.model=dram"
    if name == "standard" and isinstance(value, str):
        hint = hint.replace("NAME", value)
    return Broken((name,), "a key of model 'dram', but this memory is of model 'simple'", hint)


def _model_of(value: Any) -> str:
    return f"{TAG}{value.get('model', MODELS[0]) if isinstance(value, dict) else value.model}"


MemorySpec = Annotated[
    Annotated[SimpleMemorySpec, Tag(f"{TAG}simple")] | Annotated[DramMemorySpec, Tag(f"{TAG}dram")],
    Discriminator(_model_of),
    BeforeValidator(_spelt_out),
]
