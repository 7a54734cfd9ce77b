"""The study's tables, with one line each for the index and the documentation."""

from __future__ import annotations

from simcore.studies.form.catalogue import Catalogue

#: Table (a CSV file and a key of results.json) -> meaning of a row.
TABLES = {
    "runs": "one training run: setup, error rates, seed; accuracy, loss against the error-free run, words and bits written",
    "error_free": "a net and a word format without write errors: accuracy after training, mean and spread over seeds",
    "low_rates": "an error rate of 1e-6 or less in all tensors at once: accuracy after training",
    "error_rates": "one kind of tensor written at one error rate: accuracy after training",
    "bits": "one bit position of one kind of tensor written at one error rate: accuracy after training",
    "reuse": "one kind of tensor written at one error rate, with the other way of reusing addresses: accuracy after training",
    "placements": "a placement of tensors and bits: error rates, write energy and accuracy",
    "confirmation": "the safe and the chosen placements, trained again from seeds that had no part in choosing them",
}

CATALOGUE = Catalogue("write-errors", "Write errors in training", TABLES)
