"""Language models: the reading of a text and single steps over a cache, with counts and bytes in closed form."""

from __future__ import annotations

import pytest

from simcore import InputError, generate, load_system, simulate
from workloads.networks.language_models import LANGUAGE_MODELS, language_model

#: Blocks, width, heads, hidden width, heads of keys and values, vocabulary.
SIZES = (2, 64, 4, 96, 2, 128)
SMALL = "llama-like-" + "-".join(map(str, SIZES))


def weights(blocks: int, width: int, heads: int, hidden: int, shared: int, vocabulary: int) -> int:
    """The weights of all products: queries, keys, values, output, three of the gated layers, and the head."""
    head = width // heads
    return blocks * (2 * width**2 + 2 * width * shared * head + 3 * width * hidden) + width * vocabulary


def cache(cached: int, blocks: int, width: int, heads: int, hidden: int, shared: int, vocabulary: int) -> int:
    """The keys and values that a step reads: the cached ones and its own."""
    return 2 * blocks * (cached + 1) * shared * (width // heads)


def activations(cached: int, blocks: int, width: int, heads: int, hidden: int, shared: int, vocabulary: int) -> tuple[int, int]:
    """The other words that a step reads and writes: each layer's operands and its result, once.

    The rotation reads a factor for each value, a norm and a softmax read a row once, and the swish joins the gate.
    """
    of_keys, scores = shared * (width // heads), heads * (cached + 1)
    rows = [
        *((width, width), (width, width), (width, of_keys), (width, of_keys)),  # norm, query, key, value
        *((2 * width, width), (2 * of_keys, of_keys)),  # rotated queries and keys
        *((width, scores), (scores, scores), (scores, width), (width, width)),  # scores, softmax, mixed, output
        *((2 * width, width), (width, width)),  # sum, norm
        *((width, hidden), (width, hidden), (2 * hidden, hidden), (hidden, width), (2 * width, width)),
    ]
    outside = [(width, width), (width, width), (width, vocabulary)]  # embedding, norm, head
    read, written = (blocks * sum(row[side] for row in rows) + sum(row[side] for row in outside) for side in (0, 1))
    return read, written


def test_a_step_reads_the_cache_and_multiplies_with_it() -> None:
    network = language_model(SMALL).step(9)
    blocks, width = SIZES[:2]
    assert network.macs() == weights(*SIZES) + blocks * 2 * width * (9 + 1)
    # The norms' scales, the embedding and the products' weights; a cache is no parameter.
    assert network.parameters() == weights(*SIZES) + width * SIZES[5] + (2 * blocks + 1) * width


def test_a_prefill_is_the_network_whose_head_sees_the_last_token_alone() -> None:
    tokens, (blocks, width, *_, vocabulary) = 7, SIZES
    products = tokens * (weights(*SIZES) - width * vocabulary) + blocks * 2 * width * tokens**2
    assert language_model(SMALL).prefill(tokens).macs() == products + width * vocabulary
    last = language_model("gpt2").prefill(16).instances()[-1]
    assert (last.name, last.input_shapes, last.output_shape) == ("head", ((1, 768),), (1, 50257))


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("llama-7b", 6_738_415_616),  # as published with its weights
        ("llama-3-8b", 8_030_261_248),
        ("gpt2", 124_439_808),
    ],
)
def test_models_by_name_have_the_published_parameters(name: str, parameters: int) -> None:
    assert LANGUAGE_MODELS[name].step(1).parameters() == parameters


@pytest.mark.parametrize(("system", "word_bytes"), [("edge-sram", 1), ("cloud-128x128-ws", 2), ("ideal-titan-xp", 4)])
def test_a_step_moves_weights_cache_and_activations_once(system: str, word_bytes: int) -> None:
    cached = 37
    layers = simulate(language_model(SMALL).step(cached), system).layers
    read, written = activations(cached, *SIZES)
    reads = word_bytes * (weights(*SIZES) + cache(cached, *SIZES) + read)
    moved = int(layers["dram_read_bytes"].sum()), int(layers["dram_write_bytes"].sum())
    # A yardstick counts a factor of the rotation for each token once, which broadcasts; the machine fetches it for each value.
    blocks, width, heads, _, shared, _ = SIZES
    spared = blocks * (width + shared * (width // heads) - 2) if system.startswith("ideal") else 0
    assert moved == (reads - spared * word_bytes, word_bytes * written)


@pytest.mark.slow
def test_a_step_of_llama_7b_on_ideal_takes_the_time_of_its_bytes() -> None:
    sizes, cached = (32, 4096, 32, 11008, 32, 32000), 512
    found = generate("llama-7b", "ideal-titan-xp", prefill=cached, decode=1)
    assert found.totals["step_dram_bytes"] == pytest.approx(4 * (weights(*sizes) + cache(cached, *sizes)), rel=0.01)
    bandwidth = 547.7e9
    # Each of the 483 layers takes whole cycles, of which there are 78 million.
    assert found.totals["tokens_per_s"] == pytest.approx(bandwidth / found.totals["step_dram_bytes"], rel=483 / 78e6)


@pytest.mark.slow
def test_a_block_of_llama_7b_moves_its_weights_and_its_cache_once_on_a_small_machine() -> None:
    sizes, cached = (1, 4096, 32, 11008, 32, 1000), 512
    network = language_model("llama-like-" + "-".join(map(str, sizes))).step(cached)
    layers = simulate(network, "edge-sram").layers
    moved = int(layers["dram_read_bytes"].sum() + layers["dram_write_bytes"].sum())
    assert moved == pytest.approx(weights(*sizes) + cache(cached, *sizes), rel=0.01)


@pytest.mark.slow
def test_both_engines_agree_on_a_step_whose_heads_share_their_cache() -> None:
    network = language_model("llama-like-1-8-4-6-2-5").step(6, 2)
    system = load_system("edge-sram", ["array.rows=4", "array.columns=4", "vector_unit.lanes=4"])
    reference, compiled = (simulate(network, system, engine=engine) for engine in ("simpy", "compiled"))
    for name, found in reference.tables().items():
        assert found.equals(compiled.tables()[name]), name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("resnet18", "expected a language model"),
        ("llama-7", "did you mean 'llama-7b'?"),
        ("llama-like-2-30-4-8", "a width that divides into the heads"),
        ("llama-like-2-32-4-8-3", "heads that divide among shared ones"),
        ("llama-like-0-32-4-8", "sizes of at least 1"),
    ],
)
def test_other_networks_are_no_language_models(name: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected.replace("?", r"\?")):
        language_model(name)
