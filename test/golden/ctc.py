"""Connectionist temporal classification by PyTorch's ctc_loss: python3 test/golden/ctc.py"""
import torch
from torch.nn import functional as F
from generate import Golden, leaf, randn


def ctc():
    golden = Golden("ctc", 11)
    lengths = [9, 12, 5, 7]
    targets = [[1, 2, 2, 3], [4, 4, 4], [], [3]]
    for reduction in ("mean", "sum", "none"):
        for blank, impossible in ((0, False), (5, False), (2, True)):
            rows = [[c if c != blank else 0 for c in row] for row in targets]
            if impossible:
                rows[2] = [1, 1, 1, 3]
            S = max(len(row) for row in rows)
            padded = torch.tensor([row + [1 if blank != 1 else 0] * (S - len(row)) for row in rows])
            of_target = [len(row) for row in rows]
            for zero in (False, True) if impossible else (False,):
                x = leaf(randn(12, 4, 6, scale=2.0))
                loss = F.ctc_loss(F.log_softmax(x, -1), padded, torch.tensor(lengths), torch.tensor(of_target), blank, reduction, zero)
                w = randn(*loss.shape)
                (loss * w).sum().backward()
                golden.add(
                    f"ctc_{reduction}_blank{blank}" + ("_impossible" if impossible else "") + ("_zeroed" if zero else ""),
                    {"options": {"inputLengths": lengths, "targetLengths": of_target, "blank": blank, "reduction": reduction, "zeroInfinity": zero}},
                    {"x": x, "targets": padded, "w_loss": w},
                    {"loss": loss, "dx": x.grad},
                )
    golden.write()


if __name__ == "__main__":
    ctc()
