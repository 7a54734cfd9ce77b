"""The keys that all kinds of machine share: name, kind, core clock, seed, shape rule and word sizes of the tensors."""

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
    """The keys of every machine. A kind of machine has a subclass, which sets ``kind`` and adds keys.

    ``seed`` starts all random draws. ``shapes`` is the rule by which convolutions of SCALE-Sim's files are read.
    """

    name: Annotated[Text, Field(min_length=1)]
    description: Text = ""
    kind: Text
    core_clock_hz: FrequencyHz
    seed: Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)] = 0
    shapes: Literal["standard", "scale-sim"] = "standard"
    words: WordSpec = WordSpec()

    def to_yaml_dict(self) -> dict[str, Any]:
        """Return plain values that mirror the YAML file. ``model_validate`` of the class turns them into an equal spec."""
        return self.model_dump(mode="json", exclude_none=True)

    def content_hash(self) -> str:
        """Return a hex SHA-256 of everything that can change a result. The name and the description do not count.

        A timing model given as ``FILE.py:Class`` counts by this text, not by the contents of the file.
        """
        content = self.model_dump(mode="json", exclude={"name", "description"})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
