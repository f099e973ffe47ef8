"""pytorch.py: PyTorch as a subject of the benchmark; speaks what subject.mjs speaks. Usage: pytorch.py THREADS"""
import json
import sys
import time

import numpy as np
import torch

torch.set_num_threads(int(sys.argv[1]))
LAYERS = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}


class Reader:
    """Arrays of the input file one after another, in the order of bench/inputs.mjs."""

    def __init__(self, path):
        self.data, self.at = np.fromfile(path, np.float32), 0

    def __call__(self, *shape):
        size = int(np.prod(shape))
        part = torch.from_numpy(self.data[self.at:self.at + size].reshape(shape).copy())
        self.at += size
        return part


class Product:
    def __init__(self, w, read):
        self.a, self.b = read(w["M"], w["K"]), read(w["K"], w["N"])

    def run(self):
        self.c = self.a @ self.b

    def collect(self):
        return [self.c]


class Net:
    def __init__(self, w, read):
        T, B, I, H = w["T"], w["B"], w["I"], w["H"]
        self.cell, self.mode = w["cell"], w["mode"]
        self.layer = LAYERS[self.cell](I, H, w["layers"], bidirectional=w["directions"] == 2)
        self.x = read(T, B, I)
        if self.mode == "train":
            self.dy = read(T, B, w["directions"] * H)
            self.x.requires_grad_(True)
        if self.mode == "step":
            self.state = read(1, B, H)
            if self.cell == "lstm":
                self.state = (self.state, read(1, B, H))
        with torch.no_grad():
            for parameter in self.layer.parameters():
                parameter.copy_(read(*parameter.shape))
        self.lengths = torch.tensor(w["lengths"]) if w["lengths"] else None
        self.T = T

    def forward(self):
        if self.lengths is None:
            return self.layer(self.x)[0]
        packed = torch.nn.utils.rnn.pack_padded_sequence(self.x, self.lengths, enforce_sorted=False)
        return torch.nn.utils.rnn.pad_packed_sequence(self.layer(packed)[0], total_length=self.T)[0]

    def run(self):
        if self.mode == "train":
            self.layer.zero_grad(set_to_none=True)
            self.x.grad = None
            self.y = self.forward()
            self.y.backward(self.dy)
            return
        with torch.no_grad():
            if self.mode == "step":
                _, self.state = self.layer(self.x, self.state)
            else:
                self.y = self.forward()

    def collect(self):
        if self.mode == "step":
            return self.state if self.cell == "lstm" else [self.state]
        if self.mode == "infer":
            return [self.y]
        return [self.y.detach(), self.x.grad] + [p.grad for p in self.layer.parameters()]


def timed(samples, inner):
    us = []
    for _ in range(samples):
        start = time.perf_counter_ns()
        for _ in range(inner):
            work.run()
        us.append((time.perf_counter_ns() - start) / 1e3 / inner)
    return us


def answer(command):
    global work
    if "run" in command:
        return {"us": timed(command["run"]["samples"], command["run"]["inner"])}
    w = command["setup"]
    work = (Product if w["kind"] == "gemm" else Net)(w, Reader(command["file"]))
    us = timed(1, 1)[0]
    with open(command["result"], "wb") as out:
        for array in work.collect():
            out.write(array.contiguous().numpy().tobytes())
    return {"us": us}


work = None
print(json.dumps({"version": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for line in sys.stdin:
    try:
        said = answer(json.loads(line))
    except Exception as error:  # reported to the parent, who decides
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said), flush=True)
