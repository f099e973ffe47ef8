"""Times an epoch of examples/charlm in PyTorch: the same net on as many windows of the same size, state carried, with the same loss,
clipping and optimiser. Characters go in as one-hot rows, which PyTorch has to multiply. They are random: that does not change the
time.

python3 bench/tasks/charlm.py WORK.json      prints {"secondsPerEpoch": ...}; a tenth of an epoch is timed and scaled
"""
import json
import sys
import time

import torch
from torch import nn

CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Model(nn.Module):
    def __init__(self, work):
        super().__init__()
        C, H = work["classes"], work["hidden"]
        self.classes = C
        self.layer = CELLS[work["cell"]](C, H)
        self.head = nn.Linear(H, C)

    def forward(self, ids, state):
        x = nn.functional.one_hot(ids, self.classes).float()
        h, state = self.layer(x, state)
        return self.head(h), state


def main():
    with open(sys.argv[1]) as file:
        work = json.load(file)
    torch.set_num_threads(work["threads"])
    torch.manual_seed(1)
    T, B, C = work["window"], work["batch"], work["classes"]
    windows = work["characters"] // (T * B)
    model = Model(work)
    optimizer = torch.optim.Adam(model.parameters(), lr=work["lr"])
    timed = max(20, windows // 10)
    ids = torch.randint(0, C, (timed + 3, T + 1, B))
    state, start = None, 0.0
    for k in range(timed + 3):
        if k == 3:  # warm
            start = time.perf_counter()
        optimizer.zero_grad()
        scores, state = model(ids[k, :-1], state)
        state = tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()
        loss = nn.functional.cross_entropy(scores.reshape(-1, C), ids[k, 1:].reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), work["clip"])
        optimizer.step()
    print(json.dumps({"secondsPerEpoch": (time.perf_counter() - start) / timed * windows}))


main()
