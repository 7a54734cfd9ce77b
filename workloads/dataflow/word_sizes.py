"""The sizes of words of a layer's tensors on the machine's ports: the machine's own, a training step's, or the graph's."""

from __future__ import annotations

from simcore.spec.machine_spec import WordSpec
from workloads.dataflow.rules.table import rule_of
from workloads.layers import Attention, MatMul
from workloads.network import LayerInstance

#: Layers that read their second operand, and further ones, as weights.
_OF_ACTIVATIONS = (MatMul, Attention)


def word_sizes(instance: LayerInstance, words: WordSpec) -> dict[str, int]:
    """Return the bytes of a word by field of the System's words: ifmap_bytes, filter_bytes and ofmap_bytes of this layer.

    A training step takes some of them from other fields. Tensors of a quantised graph have sizes of their own, unless the
    machine says otherwise. Operands that come through one port have the size of the widest.
    """
    sources = rule_of(instance.layer).word_sizes
    found = {field: getattr(words, sources.get(field, field)) for field in ("ifmap_bytes", "filter_bytes", "ofmap_bytes")}
    given = instance.words
    if given is None or words.of_quantised == "machine":
        return found
    split = 1 if isinstance(instance.layer, _OF_ACTIVATIONS) else len(given.operands)
    first = [size or found["ifmap_bytes"] for size in given.operands[:split]]
    second = [size or found["filter_bytes"] for size in (*given.operands[split:], given.weights)]
    return {
        "ifmap_bytes": max(first, default=found["ifmap_bytes"]),
        "filter_bytes": max(second[:-1], default=second[-1]),
        "ofmap_bytes": given.result or found["ofmap_bytes"],
    }
