# Writes schedules.json: learning rates by torch.optim.lr_scheduler (Debian's python3-torch).
# Run: /usr/bin/python3 test/golden/schedules.py. The tests read the committed file and need no Python.
import json
import pathlib
import warnings

import torch
from torch.optim import lr_scheduler as s

warnings.filterwarnings("ignore")
BASES = [0.4, 0.05]


def optimizer():
    params = [{"params": [torch.zeros(1, requires_grad=True)], "lr": lr} for lr in BASES]
    return torch.optim.SGD(params, lr=1.0)


def rates(o):
    return [group["lr"] for group in o.param_groups]


cases = []


def case(name, options, steps, make, values=None):
    o = optimizer()
    schedule = make(o)
    seen = [rates(o)]
    for k in range(steps):
        o.step()
        schedule.step(values[k]) if values else schedule.step()
        seen.append(rates(o))
    entry = {"name": name, "options": options, "rates": seen}
    if values:
        entry["values"] = values
    cases.append(entry)


case("step", {"stepSize": 3, "gamma": 0.5}, 10, lambda o: s.StepLR(o, 3, 0.5))
case("step", {"stepSize": 2}, 5, lambda o: s.StepLR(o, 2))
case("multiStep", {"milestones": [2, 5, 5], "gamma": 0.3}, 8, lambda o: s.MultiStepLR(o, [2, 5, 5], 0.3))
case("exponential", {"gamma": 0.9}, 12, lambda o: s.ExponentialLR(o, 0.9))
case("cosine", {"period": 7, "minLr": 0.01}, 7, lambda o: s.CosineAnnealingLR(o, 7, 0.01))
case("cosine", {"period": 4, "restarts": True}, 13, lambda o: s.CosineAnnealingWarmRestarts(o, 4))
case(
    "cosine",
    {"period": 3, "restarts": True, "growth": 2, "minLr": 0.02},
    25,
    lambda o: s.CosineAnnealingWarmRestarts(o, 3, 2, 0.02),
)
case("linear", {"steps": 5, "from": 0.25, "to": 0.75}, 8, lambda o: s.LinearLR(o, 0.25, 0.75, 5))
case("linear", {"steps": 6}, 8, lambda o: s.LinearLR(o, 1.0, 0.0, 6))
case("warmup", {"steps": 4}, 7, lambda o: s.LinearLR(o, 0.25, 1.0, 4))
case("warmup", {"steps": 5, "from": 0.1}, 7, lambda o: s.LinearLR(o, 0.1, 1.0, 5))
case("oneCycle", {"maxLr": 0.8, "steps": 20}, 19, lambda o: s.OneCycleLR(o, 0.8, 20, cycle_momentum=False))
case(
    "oneCycle",
    {"maxLr": 0.8, "steps": 13, "warm": 0.45, "divFactor": 10, "finalDivFactor": 50, "anneal": "linear"},
    12,
    lambda o: s.OneCycleLR(
        o, 0.8, 13, pct_start=0.45, anneal_strategy="linear", div_factor=10, final_div_factor=50, cycle_momentum=False
    ),
)
case(
    "sequence",
    {
        "parts": [["warmup", {"steps": 4, "from": 0.1}], ["cosine", {"period": 6}], ["exponential", {"gamma": 0.8}]],
        "milestones": [4, 9],
    },
    14,
    lambda o: s.SequentialLR(
        o, [s.LinearLR(o, 0.1, 1.0, 4), s.CosineAnnealingLR(o, 6), s.ExponentialLR(o, 0.8)], [4, 9]
    ),
)
figures = [5.0, 4.0, 4.0, 3.9999, 4.0, 4.1, 3.0, 3.0, 3.1, 3.2, 3.3, 3.4, 3.5, 3.0, 2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
case("plateau", {"patience": 2, "factor": 0.5}, 20, lambda o: s.ReduceLROnPlateau(o, factor=0.5, patience=2), figures)
case(
    "plateau",
    {"patience": 1, "factor": 0.3, "cooldown": 2, "minLr": 0.01, "thresholdMode": "abs", "threshold": 0.05, "mode": "max"},
    20,
    lambda o: s.ReduceLROnPlateau(
        o, "max", 0.3, 1, 0.05, "abs", 2, 0.01
    ),
    [-f for f in figures],
)
pathlib.Path(__file__).with_name("schedules.json").write_text(
    json.dumps({"torch": torch.__version__, "bases": BASES, "cases": cases}) + "\n"
)
