"""Times an epoch of examples/caption in PyTorch: the same net (CNN, GRU with attention) on as many pictures, with the same batches,
clipping and optimiser, captions of like lengths. Pixels and words are random: they do not change the time.

python3 bench/tasks/caption.py WORK.json      prints {"secondsPerEpoch": ...}
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(1)
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Captioner(nn.Module):
    def __init__(self, work):
        super().__init__()
        hidden, embedding, filters, words = (work[name] for name in ("hidden", "embedding", "filters", "words"))
        channels = [3, filters, 2 * filters, 4 * filters]
        self.has_cell = work["cell"] == "lstm"
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding="same") for a, b in zip(channels, channels[1:]))
        places = (work["size"] // 8) ** 2
        self.start = nn.Linear(places * 4 * filters, hidden)
        self.start_cell = nn.Linear(places * 4 * filters, hidden) if self.has_cell else None
        self.embedding = nn.Embedding(words, embedding)
        self.decoder = CELLS[work["cell"]](embedding, hidden)
        self.keys = nn.Linear(4 * filters, hidden, bias=False)
        self.combine = nn.Linear(hidden + 4 * filters, hidden)
        self.dropout = nn.Dropout(work["dropout"])
        self.head = nn.Linear(hidden, words)

    def forward(self, images, before):
        grid = images
        for conv in self.convs:
            grid = F.relu(F.max_pool2d(conv(grid), 2))
        seen = self.dropout(grid.flatten(1))
        state = torch.tanh(self.start(seen))[None]
        if self.has_cell:
            state = (state, torch.tanh(self.start_cell(seen))[None])
        output, _ = self.decoder(self.dropout(self.embedding(before)), state)
        places = grid.flatten(2).transpose(1, 2)
        scores = output.transpose(0, 1) @ self.keys(places).transpose(1, 2)
        context = (scores.softmax(-1) @ places).transpose(0, 1)
        return self.head(self.dropout(torch.tanh(self.combine(torch.cat([output, context], 2)))))


def main():
    with open(sys.argv[1]) as file:
        work = json.load(file)
    torch.set_num_threads(work["threads"])
    model = Captioner(work)
    optimizer = torch.optim.Adam(model.parameters(), lr=work["lr"])
    # Of the captions, their end included.
    lengths = torch.tensor(work["lengths"])
    count, batch, words = len(lengths), work["batch"], work["words"]
    images = torch.rand(count, 3, work["size"], work["size"])

    def epoch():
        order = torch.randperm(count)
        for at in range(0, count, batch):
            rows = order[at : at + batch]
            T = int(lengths[rows].max())
            y = torch.randint(4, words, (T, len(rows)))
            before = torch.cat([torch.full((1, len(rows)), 2), y[:-1]])
            y[torch.arange(T)[:, None] >= lengths[rows]] = -100
            loss = F.cross_entropy(model(images[rows], before).flatten(0, 1), y.flatten())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), work["clip"])
            optimizer.step()

    epoch()
    seconds = []
    for _ in range(2):
        start = time.perf_counter()
        epoch()
        seconds.append(time.perf_counter() - start)
    print(json.dumps({"secondsPerEpoch": min(seconds)}))


if __name__ == "__main__":
    main()
