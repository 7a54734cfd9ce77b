"""Runs SCALE-Sim in its own virtual environment; prints one JSON line: cycles and CPU seconds of the run, imports left out.

Arguments: configuration, topology, layout, folder for its reports. No traces are written, which is its fastest way.
"""

import csv
import json
import sys
import time
from pathlib import Path

from scalesim.scale_sim import scalesim


def main(config: str, topology: str, layout: str, reports: str) -> None:
    """Simulate once and print. SCALE-Sim's own messages are on the lines before."""
    began_s = time.process_time()
    simulator = scalesim(save_disk_space=True, verbose=False, config=config, topology=topology, layout=layout)
    simulator.run_scale(top_path=reports)
    cpu_s = time.process_time() - began_s
    (report,) = Path(reports).glob("*/COMPUTE_REPORT.csv")
    with report.open() as file:
        row = next(csv.DictReader(file, skipinitialspace=True))
    # It reports the number of the last cycle, counted from 0, not how many there were.
    cycles = int(float(row["Total Cycles"])) + 1
    print(json.dumps({"cycles": cycles, "compute_cycles": cycles - int(float(row["Stall Cycles"])), "cpu_s": cpu_s}))


if __name__ == "__main__":
    main(*sys.argv[1:])
