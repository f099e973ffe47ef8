#!/usr/bin/env python3
"""Writes convolution.json and convolution.safetensors: convolutions and pooling as PyTorch 1.13 computes them.

    python3 test/golden/convolution.py

As generate.py: inputs are float32, expected values float64; `d` before a name means the gradient of sum(output * w_output).
"""
from generate import Golden, leaf, randn

import torch
from torch.nn import functional as F

golden = Golden("convolution", seed=7)


def add(name, op, axes, options, x, run, parameters=()):
    leaves = [leaf(x), *(leaf(p) for p in parameters)]
    output = run(*leaves)
    w = randn(*output.shape)
    (output * w).sum().backward()
    names = ["x", "weight", "bias"][: len(leaves)]
    golden.add(
        name,
        {"op": op, "options": options},
        {**dict(zip(names, leaves)), "w_output": w},
        {"output": output, **{f"d{n}": v.grad for n, v in zip(names, leaves)}},
    )


def convolution(name, axes, x, weight, bias=True, **options):
    run = F.conv1d if axes == 1 else F.conv2d
    parameters = [randn(*weight), *([randn(weight[0])] if bias else [])]
    add(name, f"conv{axes}d", axes, options, randn(*x), lambda x, *p: run(x, *p, **options), parameters)


def pooling(name, kind, axes, x, **options):
    run = getattr(F, f"{kind}_pool{axes}d")
    torch_names = {"kernelSize": "kernel_size", "countIncludePad": "count_include_pad"}
    given = {torch_names.get(k, k): v for k, v in options.items()}
    add(name, f"{kind}Pool{axes}d", axes, options, randn(*x), lambda x: run(x, **given))


convolution("conv2d plain", 2, (3, 4, 7, 6), (5, 4, 3, 3))
convolution("conv2d one channel, stride, padding", 2, (2, 1, 9, 8), (4, 1, 3, 2), stride=(2, 3), padding=(1, 0))
convolution("conv2d dilated", 2, (2, 3, 9, 10), (2, 3, 3, 2), dilation=(2, 3), padding=2)
convolution("conv2d same, even kernel", 2, (2, 3, 5, 6), (4, 3, 4, 2), padding="same")
convolution("conv2d 1x1 without bias", 2, (2, 17, 4, 5), (9, 17, 1, 1), bias=False)
convolution("conv1d plain", 1, (3, 5, 11), (6, 5, 3))
convolution("conv1d same, dilated", 1, (2, 4, 9), (3, 4, 3), padding="same", dilation=2)
convolution("conv1d stride, padding", 1, (2, 2, 12), (3, 2, 5), stride=3, padding=2, bias=False)
pooling("max 2d", "max", 2, (2, 3, 6, 8), kernelSize=2)
pooling("max 2d overlapping, padded", "max", 2, (2, 3, 7, 9), kernelSize=(3, 2), stride=(2, 1), padding=1)
pooling("max 1d", "max", 1, (3, 4, 10), kernelSize=3, stride=2, padding=1)
pooling("avg 2d", "avg", 2, (2, 3, 6, 8), kernelSize=2)
pooling("avg 2d padded", "avg", 2, (2, 3, 7, 9), kernelSize=3, stride=2, padding=1)
pooling("avg 2d padded, not counted", "avg", 2, (2, 3, 7, 9), kernelSize=3, stride=2, padding=1, countIncludePad=False)
pooling("avg 1d", "avg", 1, (3, 4, 10), kernelSize=4, stride=3)

if __name__ == "__main__":
    golden.write()
