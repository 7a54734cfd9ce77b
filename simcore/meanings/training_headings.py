"""The meaning of the headings of ``simcore train-pruned``: heading -> (unit, text)."""

from __future__ import annotations

TRAIN_PRUNED = {
    "epoch": ("", "Number of an epoch of the training, from 1."),
    "stage": ("", "What the epoch belongs to: `train`, or `retrain` after a pruning."),
    "live filters": ("", "Filters of all convolutions with which the epoch trained."),
    "MACs of an image": ("", "Multiply-accumulates of the forward pass of one image in the network that the epoch trained."),
    "learning rate": ("", "Learning rate of the epoch's first minibatch; it falls linearly within the epoch."),
    "train loss": ("", "Cross entropy of the epoch's last minibatch."),
    "seed": ("", "What the random draws of a run follow from."),
    "pruned %": ("percent", "Share of the filters of all layers that may be pruned that is gone after the last epoch."),
}
