"""Times an epoch of examples/caption in PyTorch: the same net (CNN, GRU with attention) on as many pictures, with the same batches,
clipping and optimiser, captions of like lengths. Pixels and words are random: they do not change the time.

python3 bench/tasks/caption.py [PICTURES]      prints {"secondsPerEpoch": ...}
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

torch.set_num_threads(1)
torch.manual_seed(1)
WORDS, HIDDEN, EMBEDDING, FILTERS, BATCH, SIZE = 1792, 192, 96, 16, 32, 32


class Captioner(nn.Module):
    def __init__(self):
        super().__init__()
        channels = [3, FILTERS, 2 * FILTERS, 4 * FILTERS]
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding="same") for a, b in zip(channels, channels[1:]))
        self.start = nn.Linear((SIZE // 8) ** 2 * 4 * FILTERS, HIDDEN)
        self.embedding = nn.Embedding(WORDS, EMBEDDING)
        self.decoder = nn.GRU(EMBEDDING, HIDDEN)
        self.keys = nn.Linear(4 * FILTERS, HIDDEN, bias=False)
        self.combine = nn.Linear(HIDDEN + 4 * FILTERS, HIDDEN)
        self.dropout = nn.Dropout(0.3)
        self.head = nn.Linear(HIDDEN, WORDS)

    def forward(self, images, before):
        grid = images
        for conv in self.convs:
            grid = F.relu(F.max_pool2d(conv(grid), 2))
        h0 = torch.tanh(self.start(self.dropout(grid.flatten(1))))[None]
        output, _ = self.decoder(self.dropout(self.embedding(before)), h0)
        places = grid.flatten(2).transpose(1, 2)
        scores = output.transpose(0, 1) @ self.keys(places).transpose(1, 2)
        context = (scores.softmax(-1) @ places).transpose(0, 1)
        return self.head(self.dropout(torch.tanh(self.combine(torch.cat([output, context], 2)))))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 6515
    model = Captioner()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    images = torch.rand(count, 3, SIZE, SIZE)
    # Names of emoji: 2 to 9 words and punctuation marks, 5 on average, and their end.
    lengths = 3 + torch.randint(0, 8, (count,))

    def epoch():
        order = torch.randperm(count)
        for at in range(0, count, BATCH):
            rows = order[at : at + BATCH]
            T = int(lengths[rows].max())
            y = torch.randint(4, WORDS, (T, len(rows)))
            before = torch.cat([torch.full((1, len(rows)), 2), y[:-1]])
            y[torch.arange(T)[:, None] >= lengths[rows]] = -100
            loss = F.cross_entropy(model(images[rows], before).flatten(0, 1), y.flatten())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1)
            optimizer.step()

    epoch()
    start = time.perf_counter()
    epoch()
    print(json.dumps({"secondsPerEpoch": time.perf_counter() - start}))


if __name__ == "__main__":
    main()
