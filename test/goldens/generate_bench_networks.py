"""bench_networks.json: losses of the bench's tiny networks in PyTorch, by the program that runs the large ones beside the bench.

Run: python3 test/goldens/generate_bench_networks.py   (PyTorch, numpy and the built repository's Node; seconds)
"""

import json
import pathlib
import platform
import subprocess
import sys

import torch

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "benchmarks" / "src" / "peers"))
from torch_cuda import prepare

from golden_format import case, tensor, write

NAMES = ("resnet_tiny", "transformer_tiny", "lstm_tiny")
PROGRAM = """
import { networkWorkload } from "./benchmarks/src/workloads.ts";
console.log(JSON.stringify(%s.map((name) => networkWorkload(name, 3))));
"""

if __name__ == "__main__":
    command = ["npx", "tsx", "--input-type=module", "-e", PROGRAM % json.dumps(NAMES)]
    workloads = json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)
    cases = []
    for workload in workloads:
        step, _ = prepare(workload, torch.device("cpu"))
        losses = [float(step()) for _ in range(workload["calls"])]
        cases.append(case(workload["network"], {"fn": "step"}, {"losses": tensor(losses)}))
    header = {
        "generator": "test/goldens/generate_bench_networks.py",
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
    write("bench_networks", header, cases)
