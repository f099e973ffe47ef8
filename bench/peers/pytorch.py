"""pytorch.py: PyTorch as a subject of the benchmark; the same commands as subject.mjs. Usage: pytorch.py THREADS"""
import json
import sys
import time

import numpy as np
import torch

torch.set_num_threads(int(sys.argv[1]))
LAYERS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


def layout(w):
    if w["kind"] == "gemm":
        return [("a", (w["M"], w["K"])), ("b", (w["K"], w["N"]))]
    rows = w["gates"] * w["H"]
    return [("x", (w["T"], w["B"], w["I"])), ("dy", (w["T"], w["B"], w["H"])), ("w_ih", (rows, w["I"])),
            ("w_hh", (rows, w["H"])), ("b_ih", (rows,)), ("b_hh", (rows,))]


def split(w, path):
    data, parts, at = np.fromfile(path, np.float32), {}, 0
    for name, shape in layout(w):
        size = int(np.prod(shape))
        parts[name] = torch.from_numpy(data[at:at + size].reshape(shape).copy())
        at += size
    return parts


def prepare(w, parts):
    if w["kind"] == "gemm":
        return lambda: (parts["a"] @ parts["b"],)
    layer = LAYERS[w["cell"]](w["I"], w["H"])
    with torch.no_grad():
        for name in ("w_ih", "w_hh", "b_ih", "b_hh"):
            getattr(layer, name.replace("w_", "weight_").replace("b_", "bias_") + "_l0").copy_(parts[name])
    x = parts["x"]
    if w["mode"] == "infer":
        def infer():
            with torch.no_grad():
                return (layer(x)[0],)
        return infer
    x.requires_grad_(True)

    def train():
        layer.zero_grad(set_to_none=True)
        x.grad = None
        y = layer(x)[0]
        y.backward(parts["dy"])
        return y.detach(), x.grad, layer.weight_ih_l0.grad, layer.weight_hh_l0.grad
    return train


def summarise(t):
    flat = t.reshape(-1)
    return [flat.abs().mean().item(), flat[0].item(), flat[flat.numel() // 2].item(), flat[-1].item()]


run = None
for line in sys.stdin:
    command = json.loads(line)
    if "setup" in command:
        run = prepare(command["setup"], split(command["setup"], command["file"]))
        results = run()
        check = [results[0][0, 0].item()] if command["setup"]["kind"] == "gemm" else [v for t in results for v in summarise(t)]
        answer = {"check": check, "info": {"name": "pytorch", "version": torch.__version__, "threads": torch.get_num_threads()}}
    else:
        us = []
        for _ in range(command["run"]):
            start = time.perf_counter_ns()
            run()
            us.append((time.perf_counter_ns() - start) / 1e3)
        answer = {"us": us}
    print(json.dumps(answer), flush=True)
