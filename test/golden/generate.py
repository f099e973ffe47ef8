#!/usr/bin/env python3
"""Writes the golden files of this folder with PyTorch 1.13 (Debian's python3-torch): python3 test/golden/generate.py

Inputs are rounded to float32, expected values are computed in float64 and stored as such: what a test measures is the
library's own error and nothing of PyTorch's. Each NAME.json lists the cases of NAME.safetensors; the tensors of a case are
called CASE/TENSOR. `d` before a name means the gradient of the case's scalar loss with respect to it.
"""
import json
import os
import struct

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)
HERE = os.path.dirname(os.path.abspath(__file__))


class Golden:
    """Cases and tensors of one pair of files."""

    def __init__(self, name, seed):
        self.name, self.cases, self.tensors = name, [], {}
        torch.manual_seed(seed)

    def add(self, case, spec, inputs, expected):
        """inputs are stored as float32 (or int32) and must be exactly that; expected as float64."""
        self.cases.append({"name": case, **spec})
        for key, value in inputs.items():
            integer = not value.is_floating_point()
            stored = value.detach().to(torch.int32 if integer else torch.float32)
            assert integer or torch.equal(stored.double(), value.detach()), f"{case}/{key} is not float32"
            self.tensors[f"{case}/{key}"] = stored
        for key, value in expected.items():
            self.tensors[f"{case}/{key}"] = value.detach().double()

    def write(self):
        codes = {torch.float32: "F32", torch.float64: "F64", torch.int32: "I32"}
        header, body = {}, b""
        # Widest elements first, so that every tensor stays aligned.
        for key, value in sorted(self.tensors.items(), key=lambda kv: (-kv[1].element_size(), kv[0])):
            data = value.contiguous().numpy().tobytes()
            header[key] = {"dtype": codes[value.dtype], "shape": list(value.shape), "data_offsets": [len(body), len(body) + len(data)]}
            body += data
        head = json.dumps(header, separators=(",", ":")).encode()
        head += b" " * (-len(head) % 8)
        with open(os.path.join(HERE, self.name + ".safetensors"), "wb") as file:
            file.write(struct.pack("<Q", len(head)) + head + body)
        with open(os.path.join(HERE, self.name + ".json"), "w") as file:
            file.write("[\n" + ",\n".join("  " + json.dumps(case) for case in self.cases) + "\n]\n")
        print(f"{self.name}: {len(self.cases)} cases, {8 + len(head) + len(body)} bytes")


def f32(tensor):
    """Rounded to float32, held as float64."""
    return tensor.float().double()


def randn(*shape, scale=1.0):
    return f32(torch.randn(shape) * scale)


def leaf(tensor):
    return tensor.clone().requires_grad_(True)


def round_parameters(module, scale=1.0):
    for parameter in module.parameters():
        parameter.data = f32(parameter.data * scale)


# ---- recurrent layers ------------------------------------------------------------------------------------------------


class GRUResetBefore(nn.GRU):
    """n = tanh(W_in x + b_in + W_hn (r * h) + b_hn): the reset gate before the product (Cho et al. 2014), as two loops."""

    def forward(self, x, h0=None, lengths=None):
        if self.batch_first:
            x = x.transpose(0, 1)
        T, B, _ = x.shape
        D = 2 if self.bidirectional else 1
        lengths = [T] * B if lengths is None else lengths
        last = []
        for layer in range(self.num_layers):
            rows = [[[None] * D for _ in range(B)] for _ in range(T)]
            for d in range(D):
                suffix = f"_l{layer}" + ("_reverse" if d else "")
                w_ih, w_hh, b_ih, b_hh = (getattr(self, k + suffix) for k in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
                finals = []
                for b in range(B):
                    h = x.new_zeros(self.hidden_size) if h0 is None else h0[layer * D + d, b]
                    steps = range(lengths[b])
                    for t in reversed(steps) if d else steps:
                        i_r, i_z, i_n = (w_ih @ x[t, b] + b_ih).chunk(3)
                        w_r, w_z, w_n = w_hh.chunk(3)
                        b_r, b_z, b_n = b_hh.chunk(3)
                        r = torch.sigmoid(i_r + w_r @ h + b_r)
                        z = torch.sigmoid(i_z + w_z @ h + b_z)
                        n = torch.tanh(i_n + w_n @ (r * h) + b_n)
                        h = (1 - z) * n + z * h
                        rows[t][b][d] = h
                    finals.append(h)
                last.append(torch.stack(finals))
            zero = x.new_zeros(self.hidden_size)
            x = torch.stack([torch.stack([torch.cat([zero if v is None else v for v in row]) for row in step]) for step in rows])
        return (x.transpose(0, 1) if self.batch_first else x), torch.stack(last)


CELLS = {
    "rnn_tanh": ("RNN", nn.RNN, {"nonlinearity": "tanh"}, {"nonlinearity": "tanh"}),
    "rnn_relu": ("RNN", nn.RNN, {"nonlinearity": "relu"}, {"nonlinearity": "relu"}),
    "lstm": ("LSTM", nn.LSTM, {}, {}),
    "gru": ("GRU", nn.GRU, {}, {}),
    "gru_reset_before": ("GRU", GRUResetBefore, {}, {"resetAfter": False}),
}

RAGGED = [3, 6, 1, 5]
VARIANTS = {
    "single": {},
    "state": {"state": True},
    "no_bias": {"bias": False},
    "batch_first": {"batchFirst": True, "state": True},
    "ragged": {"lengths": RAGGED, "state": True},
    "two_layers": {"numLayers": 2, "state": True},
    "bidirectional": {"bidirectional": True, "state": True},
    "both": {"numLayers": 2, "bidirectional": True, "state": True},
    "both_ragged_batch_first": {"numLayers": 2, "bidirectional": True, "batchFirst": True, "lengths": RAGGED, "state": True},
    "one_step": {"T": 1, "B": 1},
    "long": {"T": 50, "B": 2, "I": 3, "H": 5, "state": True},
    "wide": {"T": 3, "B": 5, "I": 17, "H": 33, "lengths": [2, 3, 3, 1, 2], "state": True},
}


def recurrent_case(golden, cell, variant, spec):
    layer_name, module, torch_options, options = CELLS[cell]
    T, B, I, H = (spec.get(k, v) for k, v in (("T", 6), ("B", 4), ("I", 5), ("H", 7)))
    layers, directions = spec.get("numLayers", 1), 2 if spec.get("bidirectional") else 1
    batch_first, lengths = spec.get("batchFirst", False), spec.get("lengths")
    layer = module(I, H, layers, bias=spec.get("bias", True), batch_first=batch_first, bidirectional=directions == 2, **torch_options)
    round_parameters(layer)

    x = leaf(randn(*((B, T, I) if batch_first else (T, B, I))))
    inputs, state = {"x": x}, None
    if spec.get("state"):
        inputs["h0"] = leaf(randn(layers * directions, B, H, scale=0.5))
        state = inputs["h0"]
        if cell == "lstm":
            inputs["c0"] = leaf(randn(layers * directions, B, H, scale=0.5))
            state = (inputs["h0"], inputs["c0"])

    if module is GRUResetBefore:
        output, last = layer(x, state, lengths)
    elif lengths:
        packed = pack_padded_sequence(x, lengths, batch_first=batch_first, enforce_sorted=False)
        packed, last = layer(packed, state)
        output, _ = pad_packed_sequence(packed, batch_first=batch_first, total_length=T)
    else:
        output, last = layer(x, state)

    expected = {"output": output}
    expected.update({"hn": last[0], "cn": last[1]} if cell == "lstm" else {"hn": last})
    # The scalar loss: every output with its own weight.
    upstream = {"w_" + key: randn(*value.shape) for key, value in expected.items()}
    sum((expected[key[2:]] * w).sum() for key, w in upstream.items()).backward()
    expected.update({"d" + key: value.grad for key, value in inputs.items()})
    expected.update({"d" + key: value.grad for key, value in layer.named_parameters()})
    options = {"inputSize": I, "hiddenSize": H, **options, **{k: spec[k] for k in ("numLayers", "bidirectional", "batchFirst", "bias") if k in spec}}
    golden.add(
        f"{cell}/{variant}",
        {"layer": layer_name, "options": options, **({"lengths": lengths} if lengths else {})},
        {**inputs, **upstream, **dict(layer.named_parameters())},
        expected,
    )


def recurrent():
    golden = Golden("recurrent", 1)
    for cell in CELLS:
        for variant, spec in VARIANTS.items():
            if cell == "gru_reset_before" and spec.get("bias") is False:
                continue
            recurrent_case(golden, cell, variant, spec)
    golden.write()


# ---- layers and ops without time -------------------------------------------------------------------------------------


def layers():
    golden = Golden("layers", 2)

    def case(name, spec, inputs, run, integers={}):
        """run(leaves) gives the output; inputs' gradients of sum(output * w_output) are expected."""
        leaves = {key: leaf(value) for key, value in inputs.items()}
        output = run(leaves)
        w = randn(*output.shape)
        (output * w).sum().backward()
        grads = {"d" + key: value.grad for key, value in leaves.items()}
        golden.add(name, spec, {**leaves, **integers, "w_output": w}, {"output": output, **grads})

    for bias in (True, False):
        spec = {"op": "linear", "options": {"inFeatures": 11, "outFeatures": 9, "bias": bias}}
        inputs = {"x": randn(7, 11), "weight": randn(9, 11), **({"bias": randn(9)} if bias else {})}
        case("linear" if bias else "linear_no_bias", spec, inputs, lambda v: F.linear(v["x"], v["weight"], v.get("bias")))
    case(
        "linear_sequence",
        {"op": "linear", "options": {"inFeatures": 5, "outFeatures": 18, "bias": True}},
        {"x": randn(4, 3, 5), "weight": randn(18, 5), "bias": randn(18)},
        lambda v: F.linear(v["x"], v["weight"], v["bias"]),
    )

    index = torch.tensor([[3, 0, 6, 3], [0, 9, 3, 1], [6, 6, 2, 9]])
    for padding in (None, 3):
        options = {"numEmbeddings": 10, "embeddingDim": 7, **({} if padding is None else {"paddingIdx": padding})}
        case(
            "embedding" if padding is None else "embedding_padding",
            {"op": "embedding", "options": options},
            {"weight": randn(10, 7)},
            lambda v: F.embedding(index, v["weight"], padding),
            {"index": index},
        )

    for affine in (True, False):
        inputs = {"x": randn(6, 19) * 2 + 1, **({"weight": randn(19), "bias": randn(19)} if affine else {})}
        inputs["x"] = f32(inputs["x"])
        case(
            "layer_norm" if affine else "layer_norm_plain",
            {"op": "layerNorm", "options": {"eps": 1e-5}},
            inputs,
            lambda v: F.layer_norm(v["x"], (19,), v.get("weight"), v.get("bias"), 1e-5),
        )
    # Rows of 1, of less and of more than a vector; large logits must not overflow.
    for columns, scale in ((1, 1), (5, 1), (37, 1), (21, 100)):
        name = f"{columns}" + ("_large" if scale > 1 else "")
        case(f"softmax_{name}", {"op": "softmax"}, {"x": randn(4, columns, scale=scale)}, lambda v: F.softmax(v["x"], -1))
        case(f"log_softmax_{name}", {"op": "logSoftmax"}, {"x": randn(4, columns, scale=scale)}, lambda v: F.log_softmax(v["x"], -1))
    golden.write()


# ---- losses ----------------------------------------------------------------------------------------------------------


def losses():
    golden = Golden("losses", 3)

    def case(name, spec, inputs, run, integers={}, constants={}):
        """The gradient is that of sum(loss * w_loss); inputs in `constants` have none."""
        leaves = {key: leaf(value) for key, value in inputs.items()}
        loss = run({**leaves, **integers, **constants})
        w = randn(*loss.shape)
        (loss * w).sum().backward()
        grads = {"d" + key: value.grad for key, value in leaves.items()}
        golden.add(name, spec, {**leaves, **integers, **constants, "w_loss": w}, {"loss": loss, **grads})

    N, C = 9, 5
    target = torch.tensor([0, 4, 2, 2, 1, 3, 0, 4, 1])
    ignored = torch.tensor([0, 4, -100, 2, 1, -100, 0, 4, 1])
    weight = f32(torch.rand(C) + 0.25)
    for reduction in ("mean", "sum", "none"):
        for smoothing in (0.0, 0.1):
            for label, t, w, ignore in (
                ("", target, None, -100),
                ("_weight", target, weight, -100),
                ("_ignore", ignored, None, -100),
                ("_weight_ignore", target, weight, 2),
            ):
                case(
                    f"cross_entropy_{reduction}{label}{'_smooth' if smoothing else ''}",
                    {"op": "crossEntropy", "options": {"reduction": reduction, "labelSmoothing": smoothing, "ignoreIndex": ignore}},
                    {"x": randn(N, C, scale=2)},
                    lambda v: F.cross_entropy(v["x"], t, w, ignore_index=ignore, reduction=reduction, label_smoothing=smoothing),
                    {"target": t},
                    {} if w is None else {"weight": w},
                )
        for label, constants in (("", []), ("_pos", ["posWeight"]), ("_weight", ["weight"]), ("_weight_pos", ["weight", "posWeight"])):
            given = {key: f32(torch.rand(6, 3) + 0.5) for key in constants}
            case(
                f"bce_{reduction}{label}",
                {"op": "bceWithLogits", "options": {"reduction": reduction}},
                {"x": randn(6, 3, scale=3)},
                lambda v: F.binary_cross_entropy_with_logits(v["x"], v["target"], v.get("weight"), reduction=reduction, pos_weight=v.get("posWeight")),
                {},
                {"target": f32(torch.rand(6, 3)), **given},
            )
        for op, function, options in (
            ("mse", F.mse_loss, {}),
            ("mae", F.l1_loss, {}),
            ("huber", F.huber_loss, {}),
            ("huber", F.huber_loss, {"delta": 0.5}),
        ):
            case(
                f"{op}_{reduction}{'_half' if options else ''}",
                {"op": op, "options": {"reduction": reduction, **options}},
                {"x": randn(7, 3), "target": randn(7, 3)},
                lambda v: function(v["x"], v["target"], reduction=reduction, **options),
            )
    golden.write()


# ---- optimisers ------------------------------------------------------------------------------------------------------


def optimisers():
    golden = Golden("optimisers", 4)
    table = [
        ("sgd", "SGD", torch.optim.SGD, {"lr": 0.1}),
        ("sgd_momentum", "SGD", torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}),
        ("sgd_dampening", "SGD", torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
        ("sgd_nesterov_decay", "SGD", torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
        ("sgd_decay", "SGD", torch.optim.SGD, {"lr": 0.1, "weight_decay": 0.1}),
        ("adam", "Adam", torch.optim.Adam, {"lr": 0.01}),
        ("adam_defaults", "Adam", torch.optim.Adam, {}),
        ("adam_betas_decay", "Adam", torch.optim.Adam, {"lr": 0.02, "betas": [0.8, 0.95], "eps": 1e-6, "weight_decay": 0.05}),
        ("adam_amsgrad", "Adam", torch.optim.Adam, {"lr": 0.05, "betas": [0.9, 0.7], "amsgrad": True}),
        ("adamw", "AdamW", torch.optim.AdamW, {"lr": 0.01, "weight_decay": 0.1}),
        ("adamw_defaults", "AdamW", torch.optim.AdamW, {}),
        ("adamw_amsgrad", "AdamW", torch.optim.AdamW, {"lr": 0.05, "betas": [0.9, 0.7], "amsgrad": True}),
        ("rmsprop", "RMSprop", torch.optim.RMSprop, {"lr": 0.01}),
        ("rmsprop_momentum", "RMSprop", torch.optim.RMSprop, {"lr": 0.01, "alpha": 0.9, "momentum": 0.9}),
        ("rmsprop_centered", "RMSprop", torch.optim.RMSprop, {"lr": 0.01, "centered": True}),
        ("rmsprop_all", "RMSprop", torch.optim.RMSprop, {"lr": 0.01, "momentum": 0.5, "centered": True, "weight_decay": 0.02, "eps": 1e-5}),
        ("adagrad", "Adagrad", torch.optim.Adagrad, {"lr": 0.1}),
        ("adagrad_decay", "Adagrad", torch.optim.Adagrad, {"lr": 0.1, "weight_decay": 0.05, "lr_decay": 0.1, "eps": 1e-8}),
    ]
    names = {"weight_decay": "weightDecay", "lr_decay": "lrDecay"}
    steps, n = 12, 21
    for case, name, optimiser, options in table:
        start, grads = randn(n), randn(steps, n)
        parameter = leaf(start)
        # PyTorch keeps betas as a tuple.
        kwargs = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
        optimizer = optimiser([parameter], **kwargs)
        path = []
        for k in range(steps):
            parameter.grad = grads[k].clone()
            optimizer.step()
            path.append(parameter.detach().clone())
        spec = {"optimizer": name, "options": {names.get(key, key): value for key, value in options.items()}}
        golden.add(case, spec, {"start": start, "grads": grads}, {"path": torch.stack(path)})

    for case, max_norm in (("clip_norm_over", 1.0), ("clip_norm_under", 100.0)):
        grads = {"g0": randn(5, 3), "g1": randn(17), "g2": randn(1)}
        parameters = [leaf(torch.zeros_like(g)) for g in grads.values()]
        for p, g in zip(parameters, grads.values()):
            p.grad = g.clone()
        norm = nn.utils.clip_grad_norm_(parameters, max_norm)
        clipped = {f"clipped{k}": p.grad for k, p in enumerate(parameters)}
        golden.add(case, {"clip": "norm", "limit": max_norm}, grads, {"norm": norm, **clipped})
    grads = {"g0": randn(5, 3), "g1": randn(17)}
    clipped = {f"clipped{k}": g.clamp(-0.5, 0.5) for k, g in enumerate(grads.values())}
    golden.add("clip_value", {"clip": "value", "limit": 0.5}, grads, clipped)
    golden.write()


# ---- a training trace ------------------------------------------------------------------------------------------------


class Classifier(nn.Module):
    """Token ids -> embedding -> recurrent layer -> last state -> two classes."""

    def __init__(self, recurrent):
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 6)
        self.recurrent = recurrent
        self.head = nn.Linear(10, 2)

    def forward(self, ids, lengths):
        packed = pack_padded_sequence(self.embedding(ids), lengths, enforce_sorted=False)
        _, last = self.recurrent(packed)
        return self.head((last[0] if isinstance(last, tuple) else last)[-1])


VOCABULARY, STEPS, T, B = 9, 40, 8, 12


def traces():
    golden = Golden("traces", 5)
    for cell, module in (("RNN", nn.RNN), ("LSTM", nn.LSTM), ("GRU", nn.GRU)):
        model = Classifier(module(6, 10))
        round_parameters(model)
        start = {key: value.detach().clone() for key, value in model.state_dict().items()}
        lengths = torch.randint(2, T + 1, (STEPS, B))
        ids = torch.randint(1, VOCABULARY, (STEPS, T, B))
        # An order task: is the first token smaller than the last?
        labels = (ids[:, 0] < ids.gather(1, (lengths - 1).unsqueeze(1)).squeeze(1)).long()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
        path, norms = [], []
        for k in range(STEPS):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(ids[k], lengths[k]), labels[k])
            loss.backward()
            norms.append(nn.utils.clip_grad_norm_(model.parameters(), 1.0).detach())
            optimizer.step()
            path.append(loss.detach())
        print(f"  {cell}: loss {path[0]:.4f} -> {path[-1]:.4f}")
        golden.add(
            cell.lower(),
            {"layer": cell, "options": {"inputSize": 6, "hiddenSize": 10}, "vocabulary": VOCABULARY, "lr": 0.02, "clipNorm": 1.0},
            {"ids": ids, "lengths": lengths, "labels": labels, **{"start." + key: value for key, value in start.items()}},
            {"losses": torch.stack(path), "norms": torch.stack(norms), **{"final." + key: value for key, value in model.state_dict().items()}},
        )
    golden.write()


if __name__ == "__main__":
    recurrent()
    layers()
    losses()
    optimisers()
    traces()
