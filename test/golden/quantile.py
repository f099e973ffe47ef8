"""The pinball loss, composed of PyTorch's functions (which has none of its own): python3 test/golden/quantile.py"""
import torch
from generate import Golden, leaf, randn


def quantile():
    golden = Golden("quantile", 7)
    for reduction in ("mean", "sum", "none"):
        for shape, quantiles in (((9,), [0.5]), ((7,), [0.1, 0.5, 0.9]), ((4, 3), [0.025, 0.25, 0.75, 0.975])):
            q = torch.tensor(quantiles)
            x, target = leaf(randn(*shape, len(quantiles))), leaf(randn(*shape))
            d = target.unsqueeze(-1) - x
            loss = torch.maximum(q * d, (q - 1) * d)
            loss = {"mean": torch.mean, "sum": torch.sum, "none": lambda v: v}[reduction](loss)
            w = randn(*loss.shape)
            (loss * w).sum().backward()
            golden.add(
                f"quantile_{reduction}_{len(quantiles)}",
                {"options": {"quantiles": quantiles, "reduction": reduction}},
                {"x": x, "target": target, "w_loss": w},
                {"loss": loss, "dx": x.grad, "dtarget": target.grad},
            )
    golden.write()


if __name__ == "__main__":
    quantile()
