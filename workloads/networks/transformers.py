"""Transformers: BERT, GPT-2, the vision transformer, and decoders like Llama.

The scale of the scores is part of the queries' weights, and the mask is part of the softmax. Behind a cache of keys and values, a
decoder reads the cached ones and its own side by side; its own are results of layers and are written like these.
"""

from __future__ import annotations

from dataclasses import dataclass

from workloads.layers import (
    Activation,
    Add,
    BatchNorm,
    Combine,
    Concat,
    Constant,
    Conv,
    Embedding,
    Input,
    LayerNorm,
    Linear,
    MatMul,
    Mul,
    Part,
    Reshape,
    SharedLinear,
    Softmax,
    Transpose,
)
from workloads.network import Network, NetworkBuilder
from workloads.networks.images import IMAGENET


@dataclass(frozen=True)
class Sizes:
    """Sizes of a stack of blocks. ``shared_heads`` are the heads of keys and values, which groups of queries share."""

    blocks: int
    width: int
    heads: int
    hidden: int
    shared_heads: int
    bias: bool = True

    @property
    def head(self) -> int:
        """Return the values of a head."""
        return self.width // self.heads


@dataclass(frozen=True)
class Passage:
    """``tokens`` tokens of a sequence that a decoder reads behind ``cached`` ones, whose keys and values are known.

    With ``last_only`` the head gives the values of the last token alone.
    """

    tokens: int
    cached: int = 0
    last_only: bool = False


#: BERT-base (Devlin et al. 2019), GPT-2 (Radford et al. 2019) and ViT-B (Dosovitskiy et al. 2021) have blocks of one size.
BASE = Sizes(12, 768, 12, 3072, 12)
#: Llama 7B (Touvron et al. 2023).
LLAMA_7B = Sizes(32, 4096, 32, 11008, 32, bias=False)
#: GPT-2's positions and vocabulary (Radford et al. 2019), and Llama's vocabulary.
GPT2_POSITIONS, GPT2_VOCABULARY, LLAMA_VOCABULARY = 1024, 50257, 32000


def bert_base(batch: int = 1, tokens: int = 128) -> Network:
    """Return BERT-base without a head: 11.174 G multiply-accumulates for 128 tokens and 108.89 M parameters."""
    net = NetworkBuilder("bert-base")
    net.add(Input("tokens", (tokens,)))
    net.add(Embedding("words", 30522, (BASE.width,)))
    net.add(BatchNorm("positions", scale=False, size=512 * BASE.width))
    net.add(BatchNorm("kinds", scale=False, size=2 * BASE.width))
    last = net.add(LayerNorm("norm"))
    for number in range(BASE.blocks):
        name = f"block{number}"
        last = net.add(Add(f"{name}.add1"), [last, _attention(net, f"{name}.attention", last, BASE, Passage(tokens))])
        last = net.add(LayerNorm(f"{name}.norm1"))
        last = net.add(Add(f"{name}.add2"), [last, _two_layers(net, name, last, BASE)])
        last = net.add(LayerNorm(f"{name}.norm2"))
    return net.build(batch)


def gpt2(batch: int = 1, tokens: int = 128) -> Network:
    """Return GPT-2 with its head, which shares the embedding's table: 16.114 G multiply-accumulates for 128 tokens.

    It has 124.44 M parameters.
    """
    return gpt2_passage(Passage(tokens), batch)


def gpt2_passage(passage: Passage, batch: int = 1) -> Network:
    """Return GPT-2 over a passage of a sequence."""
    net = NetworkBuilder("gpt2")
    net.add(Input("tokens", (passage.tokens,)))
    net.add(Embedding("words", GPT2_VOCABULARY, (BASE.width,)))
    _blocks(net, net.add(BatchNorm("positions", scale=False, size=GPT2_POSITIONS * BASE.width)), passage, causal=True)
    _last(net, passage, BASE.width)
    net.add(SharedLinear("head", GPT2_VOCABULARY, bias=False))
    return net.build(batch)


def vit_b_16(batch: int = 1, classes: int = 1000) -> Network:
    """Return ViT-B/16 for 3x224x224 images: 17.564 G multiply-accumulates and 86.57 M parameters, as torchvision's."""
    net = NetworkBuilder("vit-b-16")
    net.add(Input("image", IMAGENET))
    patches = IMAGENET[1] // 16 * (IMAGENET[2] // 16)
    net.add(Conv("patches", BASE.width, (16, 16), (16, 16), bias=True))
    net.add(Reshape("flat", (BASE.width, patches)))
    rows = net.add(Transpose("rows", (1, 0)))
    token = net.add(Constant("class_token", (1, BASE.width)), [])
    net.add(Concat("with_token", 0), [token, rows])
    last = _blocks(net, net.add(BatchNorm("positions", scale=False, size=(patches + 1) * BASE.width)), Passage(patches + 1))
    net.add(Part("first", (BASE.width,)), [last])
    net.add(Linear("head", classes))
    return net.build(batch)


def llama_like(batch: int = 1, tokens: int = 128, sizes: Sizes = LLAMA_7B, vocabulary: int = LLAMA_VOCABULARY) -> Network:
    """Return a decoder like Llama's with its head: root-mean-square norms, rotated positions, gated layers, shared heads.

    The default has Llama 7B's 6.738 G parameters.
    """
    return llama_passage("llama-like", sizes, vocabulary, Passage(tokens), batch)


def llama_passage(name: str, sizes: Sizes, vocabulary: int, passage: Passage, batch: int = 1) -> Network:
    """Return a decoder like Llama's of that name over a passage of a sequence."""
    net = NetworkBuilder(name)
    net.add(Input("tokens", (passage.tokens,)))
    last = net.add(Embedding("words", vocabulary, (sizes.width,)))
    for number in range(sizes.blocks):
        block = f"block{number}"
        normal = net.add(LayerNorm(f"{block}.norm1", shift=False, centred=False), [last])
        mixed = _attention(net, f"{block}.attention", normal, sizes, passage, rotated=True, causal=True)
        last = net.add(Add(f"{block}.add1"), [last, mixed])
        normal = net.add(LayerNorm(f"{block}.norm2", shift=False, centred=False), [last])
        last = net.add(Add(f"{block}.add2"), [last, _gated_layers(net, block, normal, sizes)])
    net.add(LayerNorm("norm", shift=False, centred=False))
    _last(net, passage, sizes.width)
    net.add(Linear("head", vocabulary, bias=False))
    return net.build(batch)


def _last(net: NetworkBuilder, passage: Passage, width: int) -> None:
    """Leave only the last token for the head, if that is all it shall read."""
    if passage.last_only and passage.tokens > 1:
        net.add(Part("last", (1, width)))


def _blocks(net: NetworkBuilder, last: str, passage: Passage, *, causal: bool = False) -> str:
    """Add the blocks that normalise before they compute, and the last normalisation. Return it."""
    for number in range(BASE.blocks):
        name = f"block{number}"
        normal = net.add(LayerNorm(f"{name}.norm1"), [last])
        mixed = _attention(net, f"{name}.attention", normal, BASE, passage, causal=causal)
        last = net.add(Add(f"{name}.add1"), [last, mixed])
        normal = net.add(LayerNorm(f"{name}.norm2"), [last])
        last = net.add(Add(f"{name}.add2"), [last, _two_layers(net, name, normal, BASE)])
    return net.add(LayerNorm("norm"))


def _attention(
    net: NetworkBuilder, name: str, source: str, sizes: Sizes, passage: Passage, *, rotated: bool = False, causal: bool = False
) -> str:
    """Add the attention of all heads over the rows of ``source``. Heads that share keys are the rows of one product.

    With ``causal`` no token sees those after it.
    """
    shared, group, head, tokens = sizes.shared_heads, sizes.heads // sizes.shared_heads, sizes.head, passage.tokens
    read = {}
    for what, heads, order in (("query", sizes.heads, (1, 0, 2)), ("key", shared, (1, 2, 0)), ("value", shared, (1, 0, 2))):
        made = net.add(Linear(f"{name}.{what}", heads * head, bias=sizes.bias), [source])
        if rotated and what != "value":
            factors = net.add(Constant(f"{name}.{what}_turns", (tokens, 1), trained=False), [])
            made = net.add(Combine(f"{name}.{what}_rotated", "rotary"), [made, factors])
        split = net.add(Reshape(f"{name}.{what}_split", (tokens, heads, head)), [made])
        read[what] = net.add(Transpose(f"{name}.{what}_heads", order), [split])
    if passage.cached:
        for what, axis, shape in (("key", 2, (shared, head, passage.cached)), ("value", 1, (shared, passage.cached, head))):
            cache = net.add(Constant(f"{name}.{what}_cache", shape, trained=False), [])
            read[what] = net.add(Concat(f"{name}.{what}s", axis), [cache, read[what]])
    queries = net.add(Reshape(f"{name}.groups", (shared, group * tokens, head)), [read["query"]])
    net.add(MatMul(f"{name}.scores"), [queries, read["key"]])
    weights = net.add(Softmax(f"{name}.softmax", causal_tokens=tokens if causal else 0))
    net.add(MatMul(f"{name}.mixed"), [weights, read["value"]])
    net.add(Reshape(f"{name}.ungrouped", (sizes.heads, tokens, head)))
    net.add(Transpose(f"{name}.rows", (1, 0, 2)))
    net.add(Reshape(f"{name}.joined", (tokens, sizes.heads * head)))
    return net.add(Linear(f"{name}.output", sizes.width, bias=sizes.bias))


def _two_layers(net: NetworkBuilder, name: str, source: str, sizes: Sizes) -> str:
    net.add(Linear(f"{name}.fc1", sizes.hidden, bias=sizes.bias), [source])
    net.add(Activation(f"{name}.gelu", "gelu"))
    return net.add(Linear(f"{name}.fc2", sizes.width, bias=sizes.bias))


def _gated_layers(net: NetworkBuilder, name: str, source: str, sizes: Sizes) -> str:
    net.add(Linear(f"{name}.gate", sizes.hidden, bias=sizes.bias), [source])
    gate = net.add(Activation(f"{name}.swish", "swish"))
    up = net.add(Linear(f"{name}.up", sizes.hidden, bias=sizes.bias), [source])
    net.add(Mul(f"{name}.gated"), [gate, up])
    return net.add(Linear(f"{name}.down", sizes.width, bias=sizes.bias))
