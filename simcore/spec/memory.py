"""Main memory: a latency and a bandwidth, or a DRAM simulated command by command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from simcore.errors import InputError, InputErrors, did_you_mean
from simcore.spec.dram_controller import ControllerSpec
from simcore.spec.values import TAG, Broken, Count, FrequencyHz, Spec, Text, raise_broken

if TYPE_CHECKING:
    from simcore.dram.tables import ResolvedDram

T = TypeVar("T")

#: The models, the default first.
MODELS = ("simple", "dram")


class SimpleMemorySpec(Spec):
    """Main memory behind one shared port; latency and bandwidth count cycles of the memory's own clock."""

    model: Literal["simple"] = "simple"
    clock_hz: FrequencyHz
    latency_cycles: Count
    bytes_per_cycle: Count


class DramMemorySpec(Spec):
    """A DRAM standard with a controller per channel.

    ``standard``: a standard's or preset's name, a YAML table, or ``FILE.py:NAME``. ``overrides``: timings in cycles and counts of
    levels laid upon it. Its clock is the standard's.
    """

    model: Literal["dram"] = "dram"
    standard: Annotated[Text, Field(min_length=1)]
    overrides: dict[Text, Count] = Field(default_factory=dict)
    controller: ControllerSpec = ControllerSpec()

    @model_validator(mode="after")
    def _usable(self) -> Self:
        from simcore.dram.controller_check import check_controller
        from simcore.dram.mapping import address_mapping
        from simcore.dram.resolve import load_dram
        from simcore.dram.standard import load_standard

        dram = _blaming(("standard",), lambda: load_dram(self.standard))
        if self.overrides:
            known = {**dict.fromkeys(dram.levels), **dict.fromkeys(load_standard(self.standard).spec.parameters)}
            raise_broken(
                [
                    Broken(("overrides", name), "expected a timing or a level of the standard", did_you_mean(name, known))
                    for name in self.overrides
                    if name not in known
                ]
            )
            dram = _blaming(("overrides",), self.resolved)
        _blaming(("controller",), lambda: check_controller(dram, self.controller))
        _blaming(("controller", "mapping"), lambda: address_mapping(dram, self.controller.mapping))
        return self

    def resolved(self) -> ResolvedDram:
        """The standard with the overrides, in integers."""
        from simcore.dram.resolve import load_dram

        return load_dram(self.standard, self.overrides)


def _blaming(path: tuple[str, ...], make: Callable[[], T]) -> T:
    """What ``make`` gives; an InputError of its is a rule that the key at ``path`` breaks. Places in a table are kept."""
    try:
        return make()
    except InputError as error:
        found = error.errors if isinstance(error, InputErrors) else (error,)
        inside = path == ("standard",)
        raise_broken(
            [
                Broken(path, f"{item.where}: {item.message}" if inside and item.where else item.message, item.hint)
                for item in found
            ]
        )
        raise


def _spelt_out(value: object) -> object:
    """A text is short for the DRAM standard of that name. Refuses what is no memory and models that are not known."""
    if isinstance(value, str):
        return {"model": "dram", "standard": value}
    if isinstance(value, dict):
        model = value.get("model", MODELS[0])
        if model not in MODELS:
            shown = f"'{model}'" if isinstance(model, str) else str(model)
            hint = did_you_mean(model, MODELS) if isinstance(model, str) else None
            raise_broken([Broken(("model",), f"expected {' or '.join(map(repr, MODELS))}, got {shown}", hint)])
    elif not isinstance(value, Spec):
        got = "a list" if isinstance(value, list | tuple) else str(value).lower() if isinstance(value, bool) else str(value)
        raise_broken([Broken((), f"expected a mapping, or the name of a DRAM standard, got {got}")])
    return value


def _model_of(value: Any) -> str:
    return f"{TAG}{value.get('model', MODELS[0]) if isinstance(value, dict) else value.model}"


MemorySpec = Annotated[
    Annotated[SimpleMemorySpec, Tag(f"{TAG}simple")] | Annotated[DramMemorySpec, Tag(f"{TAG}dram")],
    Discriminator(_model_of),
    BeforeValidator(_spelt_out),
]
