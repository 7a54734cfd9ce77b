"""A digest of a network's content: its layers, their sizes and what each reads."""

from __future__ import annotations

import hashlib

from workloads.network import Network


def network_digest(network: Network) -> str:
    """Return a digest of the layers, their sizes and their inputs. Networks that differ only in name and batch have the same."""
    digest = hashlib.sha256()
    producers = {instance.name: instance.producers for instance in network.instances()}
    for name in network.order():
        layer = network.layer(name)
        kind = f"{type(layer).__module__}.{type(layer).__qualname__}"
        digest.update(f"{kind} {layer!r} {producers.get(name, ())!r}\n".encode())
    return digest.hexdigest()
