"""Times an epoch of examples/forecast in PyTorch: the same net on as many windows of the same size, with the same batches, loss,
clipping and optimiser. The numbers themselves are random: they do not change the time.

python3 bench/tasks/forecast.py WORK.json      prints {"secondsPerEpoch": ...}
"""
import json
import sys
import time

import torch
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(1)
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Forecaster(nn.Module):
    def __init__(self, work):
        super().__init__()
        H, F = work["hidden"], work["features"]
        self.layer = CELLS[work["cell"]](work["variables"] + F, H)
        self.dropout = nn.Dropout(work["dropout"])
        self.context = nn.Linear(H, H)
        self.future = nn.Linear(F, H, bias=False)
        self.head = nn.Linear(H, len(work["quantiles"]))

    def forward(self, x, future):
        h = self.layer(x)[0][-1]
        return self.head(torch.tanh(self.context(self.dropout(h)) + self.future(future)))


def main():
    with open(sys.argv[1]) as file:
        work = json.load(file)
    W, B, N = work["window"], work["batch"], work["windows"]
    V, F = work["variables"], work["features"]
    values, features = torch.randn(N + W + 1, V), torch.randn(N + W + 1, F)
    model = Forecaster(work)
    optimizer = torch.optim.Adam(model.parameters(), lr=work["lr"])
    q = torch.tensor(work["quantiles"])
    steps = torch.arange(W).unsqueeze(1)

    def epoch():
        for origins in (torch.randperm(N) + W).split(B):
            at = origins.unsqueeze(0) - W + steps
            x = torch.cat([values[at], features[at + 1]], -1)
            d = values[origins, :1] - model(x, features[origins])
            loss = torch.maximum(q * d, (q - 1) * d).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), work["clip"])
            optimizer.step()

    epoch()
    seconds = []
    for _ in range(3):
        start = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"secondsPerEpoch": min(seconds)}))


main()
