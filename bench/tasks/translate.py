"""Times an epoch of examples/translate in PyTorch: the same encoder, decoder and attention on sentences of the same lengths, in batches of
like length, with the same loss, clipping and optimiser. The words are random: they do not change the time.

python3 bench/tasks/translate.py WORK.json      prints {"secondsPerEpoch": ...}
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
        self.source = nn.Embedding(work["source"], E)
        self.target = nn.Embedding(work["target"], E)
        self.both = work["bidirectional"]
        K = 2 * H if self.both else H
        self.encoder = CELLS[work["cell"]](E, H, bidirectional=self.both)
        self.decoder = CELLS[work["cell"]](E, H)
        self.bridge = nn.Linear(K, H)
        self.key = nn.Linear(K, H, bias=False)
        self.combine = nn.Linear(H + K, H)
        self.dropout = nn.Dropout(work["dropout"])
        self.head = nn.Linear(H, work["target"])

    def bridged(self, h):
        if not self.both:
            return h
        return torch.tanh(self.bridge(torch.cat([h[0], h[1]], 1)))[None]

    def forward(self, source, lengths, before):
        packed = pack_padded_sequence(self.dropout(self.source(source)), lengths, enforce_sorted=False)
        keys, state = self.encoder(packed)
        keys, _ = pad_packed_sequence(keys, total_length=source.shape[0])
        state = tuple(self.bridged(s) for s in state) if isinstance(state, tuple) else self.bridged(state)
        h, _ = self.decoder(self.dropout(self.target(before)), state)
        scores = torch.einsum("tbh,sbh->bts", h, self.key(keys))
        mask = torch.arange(source.shape[0])[None, :] >= lengths[:, None]
        weights = scores.masked_fill(mask[:, None, :], float("-inf")).softmax(-1)
        context = torch.einsum("bts,sbk->tbk", weights, keys)
        seen = torch.tanh(self.combine(torch.cat([h, context], 2)))
        return self.head(self.dropout(seen))


def main():
    with open(sys.argv[1]) as file:
        work = json.load(file)
    torch.set_num_threads(work["threads"])
    torch.manual_seed(1)
    random.seed(1)
    B = work["batch"]
    pairs = sorted(work["pairs"])
    batches = [pairs[k : k + B] for k in range(0, len(pairs), B)]
    random.shuffle(batches)
    model = Model(work)
    optimizer = torch.optim.Adam(model.parameters(), lr=work["lr"])

    def step(batch):
        lengths = torch.tensor([s for s, _ in batch])
        source = torch.randint(0, work["source"], (int(lengths.max()), len(batch)))
        length = max(t for _, t in batch)
        before = torch.randint(0, work["target"], (length, len(batch)))
        wanted = torch.randint(0, work["target"], (length, len(batch)))
        for b, (_, t) in enumerate(batch):
            wanted[t:, b] = -100
        optimizer.zero_grad()
        scores = model(source, lengths, before)
        loss = nn.functional.cross_entropy(scores.reshape(-1, work["target"]), wanted.reshape(-1))
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
