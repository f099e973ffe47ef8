"""Times an epoch of examples/tag in PyTorch: the same net on sentences of the same lengths, in batches of like length, with the same loss,
clipping and optimiser. The words are random: they do not change the time.

python3 bench/tasks/tag.py WORK.json      prints {"secondsPerEpoch": ...}
"""
import json
import random
import sys
import time

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Model(nn.Module):
    def __init__(self, work):
        super().__init__()
        E, H = work["embedding"], work["hidden"]
        small = max(4, round(E / 4))
        sizes = [(work["words"], E)] + [(n, small) for n in work["features"]]
        self.tables = nn.ModuleList(nn.Embedding(n, size, padding_idx=0) for n, size in sizes)
        self.layer = CELLS[work["cell"]](sum(size for _, size in sizes), H, bidirectional=True)
        self.dropout = nn.Dropout(work["dropout"])
        self.head = nn.Linear(2 * H, work["tags"])

    def forward(self, ids, lengths):
        x = self.dropout(torch.cat([table(i) for table, i in zip(self.tables, ids)], 2))
        packed, _ = self.layer(pack_padded_sequence(x, lengths, enforce_sorted=False))
        return self.head(self.dropout(pad_packed_sequence(packed)[0]))


def main():
    with open(sys.argv[1]) as file:
        work = json.load(file)
    torch.set_num_threads(work["threads"])
    torch.manual_seed(1)
    random.seed(1)
    lengths = sorted(work["lengths"][: int(work["share"] * len(work["lengths"]))])
    batches = [lengths[k : k + work["batch"]] for k in range(0, len(lengths), work["batch"])]
    random.shuffle(batches)
    model = Model(work)
    optimizer = torch.optim.Adam(model.parameters(), lr=work["lr"])

    def step(batch):
        T, B = max(batch), len(batch)
        ids = [torch.randint(1, n, (T, B)) for n in [work["words"], *work["features"]]]
        wanted = torch.randint(0, work["tags"], (T, B))
        for b, length in enumerate(batch):
            wanted[length:, b] = -100
        optimizer.zero_grad()
        scores = model(ids, torch.tensor(batch))
        loss = nn.functional.cross_entropy(scores.reshape(-1, work["tags"]), wanted.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), work["clip"])
        optimizer.step()

    for batch in batches[:5]:
        step(batch)
    start = time.perf_counter()
    for batch in batches:
        step(batch)
    print(json.dumps({"secondsPerEpoch": time.perf_counter() - start}))


main()
