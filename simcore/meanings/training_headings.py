"""The meaning of the headings of real training with pruning: heading -> (unit, text)."""

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

PRUNED_ACCURACY = {
    "ranking": ("", "What ranks the filters of a layer: the lowest are pruned first; none for the dense training."),
    "asked %": ("percent", "Share of the filters of each layer that the schedule prunes in the end."),
    "multiple of": ("", "The number of which every layer keeps a multiple of filters; 1 for any number."),
    "MACs left %": ("percent", "Multiply-accumulates of the last network, as a share of the dense one's."),
    "lost points": ("points", "Accuracy lost against the dense training with the same seed, mean over the seeds."),
    "this": ("", "The choice whose gain in accuracy the row tells."),
    "against": ("", "The choice with which it is compared, seed by seed."),
    "seeds": ("", "Number of seeds with which both were trained."),
    "gain, points": ("points", "Accuracy of this choice minus that of the other, mean over the seeds."),
    "95 % ±": ("points", "Half of the 95 % interval of that mean (Student's t)."),
    "better": ("", "Seeds with which this choice is more accurate."),
    "worse": ("", "Seeds with which this choice is less accurate."),
    "decided": ("", "Whether the interval leaves out 0, so that the difference is more than chance over so many seeds."),
}
