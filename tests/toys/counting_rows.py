"""A bank with an open row and a refresh, which counts row hits and refreshes. Functions of this file do the arithmetic."""

from simcore import BankTiming

WRITE = 1


def cycles_of(params, hit, op):
    """The cycles of an access; a write to a row that is not open takes one more."""
    if hit:
        return params[0]
    return params[1] + later(op == WRITE)


def later(wanted):
    """One cycle, or none."""
    return 1 if wanted else 0


class CountingRows(BankTiming):
    parameters = {"hit_cycles": 1, "miss_cycles": 4, "refresh_every": 50, "miss_fj": 1500, "refresh_pj": 2}
    parameter_minimum = {"hit_cycles": 1, "miss_cycles": 1, "refresh_every": 1}
    bank_state = {"open_row": -1, "next_refresh": 50}
    counters = {
        "row_hits": "Requests that found their row open.",
        "row_misses": "Requests that had to open their row.",
        "bank_refreshes": "Refreshes, each of which closes the row.",
    }
    event_energy = {"row_misses": "miss_fj", "bank_refreshes": "refresh_pj"}

    @staticmethod
    def serve(params, bank, shared, now, op, row):
        if now >= bank[1]:
            bank[0], bank[1] = -1, now + params[2]
            bank[4] += 1
        hit = bank[0] == row
        bank[2 if hit else 3] += 1
        bank[0] = row
        free_at = now + cycles_of(params, hit, op)
        return free_at, free_at


class CountsOnly(BankTiming):
    """Constant answers, but it counts: no shortcut may leave its calls out."""

    uses_row = False
    time_invariant = True
    counters = {"accesses": "Requests."}

    @staticmethod
    def serve(params, bank, shared, now, op, row):
        bank[0] += 1
        return now + 1, now + 1
