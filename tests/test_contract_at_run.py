"""Both engines report a bank timing that breaks its contract during a run, even if nobody ran the model check."""

from __future__ import annotations

import pytest
from machines import instance_of

from simcore.engine import ENGINES, run_programs
from simcore.errors import InputError
from simcore.spec import load_system
from workloads.dataflow import lower
from workloads.layers import Linear

MODELS = """
from simcore import BankTiming


class Past(BankTiming):
    @staticmethod
    def serve(params, bank, shared, now, op, row):
        return now, now


class TooEarly(BankTiming):
    @staticmethod
    def serve(params, bank, shared, now, op, row):
        return now + 1, now - 1


class HiddenBankState(BankTiming):
    @staticmethod
    def serve(params, bank, shared, now, op, row):
        bank[0] += 1
        return now + 1, now + 1


class HiddenSharedState(BankTiming):
    @staticmethod
    def serve(params, bank, shared, now, op, row):
        shared[0] = 1
        return now + 1, now + 1
"""

EARLIER = "expected free_at > now and done_at >= now, got earlier"
PROBLEMS = {
    "Past": f"Past.serve: {EARLIER}",
    "TooEarly": f"TooEarly.serve: {EARLIER}",
    "HiddenBankState": "HiddenBankState.serve: expected no use of bank[0], since bank_state declares no values, "
    "got a write to it",
    "HiddenSharedState": "HiddenSharedState.serve: expected no use of shared[0], since shared_state declares no values, "
    "got a write to it",
}


PROMISE = "(BankTiming):\n    uses_row = False\n    time_invariant = True\n"


@pytest.mark.parametrize("promised", [False, True], ids=["no promise", "always alike"])
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", PROBLEMS)
def test_a_timing_that_breaks_its_contract_stops_the_run(tmp_path, model, engine, promised):
    file = tmp_path / "models.py"
    file.write_text(MODELS.replace("(BankTiming):\n", PROMISE) if promised else MODELS)
    small = ["array.rows=4", "array.columns=4", f"scratchpads.filter.timing={file}:{model}"]
    system = load_system("edge-sram", small)
    program = lower(instance_of(Linear("linear", 5), ((7,),)), system)
    with pytest.raises(InputError) as caught:
        run_programs(system, [program], engine)
    assert caught.value.message == PROBLEMS[model]
    assert caught.value.where is not None
    assert caught.value.where.startswith(f"{file}:")
