"""Times an epoch of examples/sentiment in PyTorch: the same net on as many texts of the same lengths, with the same batches (put
together by length, as there), loss, clipping and optimiser. The words are random: they do not change the time.

python3 bench/tasks/sentiment.py WORK.json      prints {"secondsPerEpoch": ..., "padded": ..., "packed": ...}
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

torch.set_num_threads(1)
torch.manual_seed(1)
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Classifier(nn.Module):
    """`packed`: nothing is computed on padding. Otherwise all steps are, and each row's last one is picked."""

    def __init__(self, work, packed):
        super().__init__()
        H = work["hidden"]
        self.packed = packed
        self.embedding = nn.Embedding(work["words"], work["embedding"], padding_idx=0)
        self.word_dropout = nn.Dropout(work["wordDropout"])
        self.layer = CELLS[work["cell"]](work["embedding"], H)
        self.dropout = nn.Dropout(work["dropout"])
        self.head = nn.Linear(H, work["classes"])

    def forward(self, x, lengths):
        vectors = self.word_dropout(self.embedding(x))
        if self.packed:
            _, state = self.layer(pack_padded_sequence(vectors, lengths, enforce_sorted=False))
            h = (state[0] if isinstance(state, tuple) else state)[-1]
        else:
            h = self.layer(vectors)[0][lengths - 1, torch.arange(len(lengths))]
        return self.head(self.dropout(h))


def time_epochs(work, packed):
    texts = [torch.randint(1, work["words"], (n,)) for n in sorted(work["lengths"])]
    labels = torch.randint(0, work["classes"], (len(texts),))
    B = work["batch"]
    model = Classifier(work, packed)
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=work["lr"])

    def epoch():
        for k in torch.randperm((len(texts) + B - 1) // B).tolist():
            own = texts[k * B : (k + 1) * B]
            lengths = torch.tensor([len(text) for text in own])
            loss = loss_of(model(pad_sequence(own), lengths), labels[k * B : (k + 1) * B])
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
    return min(seconds)


def main():
    with open(sys.argv[1]) as file:
        work = json.load(file)
    padded, packed = time_epochs(work, False), time_epochs(work, True)
    print(json.dumps({"secondsPerEpoch": min(padded, packed), "padded": padded, "packed": packed}))


main()
