"""Training: conversion of a network for inference into the network of one training step, pass by pass."""

from workloads.layers.base import PASSES
from workloads.layers.updates import OPTIMIZERS
from workloads.training.step import training_step

__all__ = ["OPTIMIZERS", "PASSES", "training_step"]
