"""The keys that all kinds of machine share: name, kind, core clock, seed, shape rule and word sizes of the tensors."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import Field

from simcore.reading.keys import key
from simcore.reading.values import FrequencyHz, Spec, Text, WordBytes


class WordSpec(Spec):
    """Bytes of one word of each tensor."""

    ifmap_bytes: Annotated[WordBytes, key("Size of a word of the activations that a layer reads.", cycles=True)] = 1
    filter_bytes: Annotated[WordBytes, key("Size of a word of the weights.", cycles=True)] = 1
    ofmap_bytes: Annotated[WordBytes, key("Size of a word of the results that a layer writes.", cycles=True)] = 1
    psum_bytes: Annotated[WordBytes, key("Size of a partial sum.", cycles=True)] = 4
    of_quantised: Annotated[
        Literal["graph", "machine"],
        key(
            "Whose words the tensors of a quantised graph have: words of their own types (`graph`), or these (`machine`). An "
            "override of another key of `words` means `machine`.",
            cycles=True,
        ),
    ] = "graph"


class MachineSpec(Spec):
    """The keys of every machine. A kind of machine has a subclass, which sets ``kind`` and adds keys."""

    name: Annotated[
        Text,
        Field(min_length=1),
        key("Name of the machine in results.", cycles=False, default="the file's"),
    ]
    description: Annotated[Text, key("What the machine is, in one line, for `simcore list systems`.", cycles=False)] = ""
    kind: Annotated[Text, key("Kind of machine, which decides the other keys (docs/machine-kinds.md).", cycles=True)]
    core_clock_hz: Annotated[
        FrequencyHz,
        key("Frequency of the core clock, which turns cycles into time. Memory may have a clock of its own.", cycles=True),
    ]
    seed: Annotated[
        int,
        Field(strict=True, ge=0, le=2**63 - 1),
        key(
            "Start of all random draws, such as the failing writes of a bank timing that verifies its writes, and the operands "
            "of --check-values.",
            cycles=True,
        ),
    ] = 0
    shapes: Annotated[
        Literal["standard", "scale-sim"],
        key(
            "Rounding of the output sizes of convolutions in SCALE-Sim's topology files: `standard` rounds down, `scale-sim` up.",
            cycles=True,
        ),
    ] = "standard"
    words: Annotated[WordSpec, key("Sizes of the words of each tensor.")] = WordSpec()

    def to_yaml_dict(self) -> dict[str, Any]:
        """Return plain values that mirror the YAML file. ``model_validate`` of the class turns them into an equal spec."""
        return self.model_dump(mode="json", exclude_none=True)

    def content_hash(self) -> str:
        """Return a hex SHA-256 of everything that can change a result. The name and the description do not count.

        A timing model given as ``FILE.py:Class`` counts by this text, not by the contents of the file.
        """
        content = self.model_dump(mode="json", exclude={"name", "description"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
