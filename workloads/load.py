"""Networks by the text that a user types: a registered name, the path of an ONNX file or SCALE-Sim topology, a module."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from simcore.errors import InputError, did_you_mean
from workloads.network import Network


def load_network(
    name_or_file: str | Path,
    batch: int | None = None,
    *,
    scale_sim_shapes: bool = True,
    dims: Mapping[str, int] | None = None,
    skip_unsupported: bool = False,
    fusion: bool = True,
    inputs: Sequence[str] = (),
) -> Network:
    """Return the network with a registered name, the one in a ``.onnx`` or ``.csv`` file, or that of ``FILE.py:NAME``.

    ``batch`` is the number of images; None takes the file's own batch, or 1. ``scale_sim_shapes`` says whether the convolutions
    of a topology follow SCALE-Sim's shape rule. ``dims`` gives sizes of an ONNX file's open axes, by name, and
    ``skip_unsupported`` leaves out its operators without a layer. Without ``fusion`` each of its nodes stays a layer of its own.
    ``FILE.py:NAME`` is a function that returns a PyTorch module; the file is executed. ``inputs`` are the shapes of the module's
    arguments, such as "1x3x224x224" or "1x128:int64".
    Raise InputError, with the nearest name, if nothing is found, and for these options with anything that has no use for them.
    """
    from workloads.networks import INFERENCE_NETWORKS, NETWORKS
    from workloads.networks.families import FAMILIES, sized_network
    from workloads.networks.language_models import sized_model
    from workloads.networks.transformers import Passage

    name = str(name_or_file)
    images = 1 if batch is None else batch
    if Path(name.rpartition(":")[0]).suffix == ".py" or Path(name).suffix == ".py":
        from workloads.importers.pytorch.files import load_module

        if dims:
            raise InputError(f"expected a .onnx file with open axes, got '{name[:80]}'; --input gives all sizes")
        return load_module(name, inputs, batch, skip_unsupported=skip_unsupported, fusion=fusion)
    if inputs:
        raise InputError(f"expected FILE.py:NAME, a function that makes a PyTorch module, with --input, got '{name[:80]}'")
    if (dims or skip_unsupported or not fusion) and Path(name).suffix.lower() != ".onnx":
        raise InputError(f"expected a .onnx file with open axes, unsupported operators or nodes to fuse, got '{name[:80]}'")
    registered = {**NETWORKS, **INFERENCE_NETWORKS}
    named = registered[name](batch=images) if name in registered else sized_network(name, images)
    if named is None and (model := sized_model(name)) is not None:
        named = model.passage(Passage(128), images)
    if named is not None:
        return named
    suffix = Path(name).suffix.lower()
    if suffix == ".onnx":
        from workloads.importers.onnx import load_onnx

        return load_onnx(name, batch, dims=dims, skip_unsupported=skip_unsupported, fusion=fusion)
    if suffix == ".csv":
        from workloads.importers.scale_sim import load_topology

        return load_topology(name, images, scale_sim_shapes=scale_sim_shapes)
    if suffix or len(Path(name).parts) > 1 or os.path.exists(name):
        raise InputError("expected the name of a network, a file ending in .onnx or .csv, or FILE.py:NAME", where=name)
    hint = f"for images of 32 x 32: '{name}-32'" if name in FAMILIES else did_you_mean(name, registered)
    raise InputError(f"no network named '{name[:80]}', and no .onnx or .csv file", hint=hint)
