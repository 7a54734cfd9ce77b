"""What the specs of all kinds of machine share: a name, the kind, the core clock, the words of the tensors."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import Field

from simcore.reading.values import FrequencyHz, Spec, Text, WordBytes


class WordSpec(Spec):
    """Bytes of one word of each tensor."""

    ifmap_bytes: WordBytes = 1
    filter_bytes: WordBytes = 1
    ofmap_bytes: WordBytes = 1
    psum_bytes: WordBytes = 4


class MachineSpec(Spec):
    """The keys that every machine has. A kind of machine has a subclass of this, which names its ``kind`` and adds keys.

    ``seed``: for everything that is drawn at random. ``shapes``: the rule by which convolutions of SCALE-Sim's files are read.
    """

    name: Annotated[Text, Field(min_length=1)]
    description: Text = ""
    kind: Text
    core_clock_hz: FrequencyHz
    seed: Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)] = 0
    shapes: Literal["standard", "scale-sim"] = "standard"
    words: WordSpec = WordSpec()

    def to_yaml_dict(self) -> dict[str, Any]:
        """Plain values that mirror the YAML file; ``model_validate`` of the class gives an equal spec back."""
        return self.model_dump(mode="json", exclude_none=True)

    def content_hash(self) -> str:
        """Hex SHA-256 of all that can change a result: equal for equal machines, whatever their name and description.

        A timing model given as ``FILE.py:Class`` counts by its name, not by the contents of the file.
        """
        content = self.model_dump(mode="json", exclude={"name", "description"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
