"""Times an epoch of examples/digits in PyTorch: the same nets on as many digits, with the same batches, clipping and optimiser.
The pixels are random: they do not change the time.

python3 bench/tasks/digits.py WORK.json      prints {"secondsPerEpoch": ...}
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(1)


class RowReader(nn.Module):
    def __init__(self, layer, hidden):
        super().__init__()
        self.layer = layer(28, hidden)
        self.head = nn.Linear(hidden, 10)

    def forward(self, x):
        _, state = self.layer(x)
        return self.head((state[0] if isinstance(state, tuple) else state)[-1])


class MLP(nn.Module):
    def __init__(self, hidden=128):
        super().__init__()
        self.hidden = nn.Linear(784, hidden)
        self.head = nn.Linear(hidden, 10)

    def forward(self, x):
        return self.head(F.relu(self.hidden(x.transpose(0, 1).reshape(x.shape[1], 784))))


class CNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 16, 3)
        self.conv2 = nn.Conv2d(16, 32, 3)
        self.head = nn.Linear(32 * 5 * 5, 10)

    def forward(self, x):
        first = F.relu(F.max_pool2d(self.conv1(x.transpose(0, 1).reshape(-1, 1, 28, 28)), 2))
        second = F.relu(F.max_pool2d(self.conv2(first), 2))
        return self.head(second.flatten(1))


def main():
    with open(sys.argv[1]) as file:
        work = json.load(file)
    torch.set_num_threads(work["threads"])
    digits, hidden, batch = work["digits"], work["hidden"], work["batch"]
    makes = {
        "rnn": lambda: RowReader(nn.RNN, hidden),
        "gru": lambda: RowReader(nn.GRU, hidden),
        "lstm": lambda: RowReader(nn.LSTM, hidden),
        "mlp": MLP,
        "cnn": CNN,
    }
    model = makes[work["net"]]()
    optimizer = torch.optim.Adam(model.parameters(), lr=work["lr"])
    x = torch.rand(28, digits, 28)
    y = torch.randint(0, 10, (digits,))

    def epoch():
        order = torch.randperm(digits)
        for at in range(0, digits, batch):
            rows = order[at : at + batch]
            loss = F.cross_entropy(model(x[:, rows]), y[rows])
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


if __name__ == "__main__":
    main()
