"""Times an epoch of examples/speech in PyTorch: the same net on as many sounds of the same lengths, with the same batches (put together
by length, as there), loss, clipping and optimiser. The frames are random: they do not change the time.

python3 bench/tasks/speech.py WORK.json      prints {"secondsPerEpoch": ..., "padded": ..., "packed": ...}
"""
import json
import sys
import time

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence

torch.manual_seed(1)
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Classifier(nn.Module):
    """`packed`: nothing is computed on padding. Otherwise all steps are, and each row's last one is picked."""

    def __init__(self, work, packed):
        super().__init__()
        self.packed = packed
        self.layer = CELLS[work["cell"]](work["bands"], work["hidden"])
        self.dropout = nn.Dropout(work["dropout"])
        self.head = nn.Linear(work["hidden"], work["classes"])

    def forward(self, x, lengths):
        if self.packed:
            _, state = self.layer(pack_padded_sequence(x, lengths, enforce_sorted=False))
            h = (state[0] if isinstance(state, tuple) else state)[-1]
        else:
            h = self.layer(x)[0][lengths - 1, torch.arange(len(lengths))]
        return self.head(self.dropout(h))


def time_epochs(work, packed):
    sounds = [torch.randn(n, work["bands"]) for n in sorted(work["lengths"])]
    labels = torch.randint(0, work["classes"], (len(sounds),))
    B = work["batch"]
    model = Classifier(work, packed)
    loss_of = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=work["lr"])

    def epoch():
        for k in torch.randperm((len(sounds) + B - 1) // B).tolist():
            own = sounds[k * B : (k + 1) * B]
            lengths = torch.tensor([len(sound) for sound in own])
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
    torch.set_num_threads(work["threads"])
    padded, packed = time_epochs(work, False), time_epochs(work, True)
    print(json.dumps({"secondsPerEpoch": min(padded, packed), "padded": padded, "packed": packed}))


main()
