"""The layers of rnn_general_*, written with PyTorch's functions and differentiated by its autograd; a projection by nn.LSTM:
python3 test/golden/general.py

Tensors have the names of native/abi.h: x, w_ih, ..., the upstream gradients dy, dhn, dcn among the
inputs; y, hn, cn and the other d* are expected.
"""
import torch
from generate import Golden, f32, leaf, randn
from torch import nn
from torch.nn import functional as F

# a and b as stored, in the order of u_option; names are those of u_cell_activation.
ACTIVATIONS = {
    "own": None,
    "sigmoid": lambda x, a, b: torch.sigmoid(x),
    "tanh": lambda x, a, b: torch.tanh(x),
    "relu": lambda x, a, b: F.relu(x),
    "hard_sigmoid": lambda x, a, b: torch.clamp(a * x + b, 0, 1),
    "affine": lambda x, a, b: a * x + b,
    "leaky_relu": lambda x, a, b: F.leaky_relu(x, a),
    "thresholded_relu": lambda x, a, b: F.threshold(x, a, 0.0),
    "scaled_tanh": lambda x, a, b: a * torch.tanh(b * x),
    "elu": lambda x, a, b: F.elu(x, a),
    "softsign": lambda x, a, b: F.softsign(x),
    "softplus": lambda x, a, b: F.softplus(x),
}
NUMBERS = {"hard_sigmoid": (0.2, 0.5), "affine": (0.5, 0.1), "leaky_relu": (0.1, 0), "thresholded_relu": (0.1, 0), "scaled_tanh": (1.5, 0.5), "elu": (0.75, 0)}
GATES = {"rnn_tanh": 1, "rnn_relu": 1, "lstm": 4, "gru": 3, "gru_reset_before": 3, "lstm_coupled": 3, "mgu": 2, "ind_rnn": 1}
UNITS = {"lstm": 3, "lstm_coupled": 2, "ind_rnn": 1}
EPS = 1e-3


def activation(name, own):
    function = ACTIVATIONS[name] or own
    a, b = NUMBERS.get(name, (0, 0))
    return lambda x: function(x, a, b)


def loop(spec, p):
    """y, hn, cn (None without c) of a layer with the tensors p, one row and one step after the other."""
    cell, H, R = spec["cell"], spec["H"], spec["R"]
    relu = cell in ("rnn_relu", "ind_rnn")
    sigma = activation(spec.get("gate", "own"), ACTIVATIONS["sigmoid"])
    phi = activation(spec.get("candidate", "own"), ACTIVATIONS["relu" if relu else "tanh"])
    out = activation(spec.get("output", "own"), ACTIVATIONS["tanh"])
    G, has_c = GATES[cell], cell.startswith("lstm")
    norm = "norm" in spec["features"]

    def normed(v, gain):
        return F.layer_norm(v, v.shape, gain, None, EPS) if norm else v

    def rows(name, first, end):
        return p[name][first * H : end * H] if name in p else None

    def recurrent(v, first, end):
        """The product of the gates first..end-1 with v."""
        product = normed(rows("w_hh", first, end) @ v, rows("ln_hh", first, end))
        return (product + rows("b_hh", first, end)).split(H)

    def step(x, h, c, b):
        gx = (normed(p["w_ih"] @ x, p.get("ln_ih")) + p["b_ih"]).split(H)
        masked = h * p["drop"][b] if "drop" in p else h
        if cell == "ind_rnn":
            return phi(gx[0] + p["w_unit"] * masked + p["b_hh"]), None
        if cell in ("rnn_tanh", "rnn_relu"):
            return phi(gx[0] + recurrent(masked, 0, 1)[0]), None
        if cell == "gru":
            r_h, z_h, n_h = recurrent(masked, 0, 3)
            r, z = sigma(gx[0] + r_h), sigma(gx[1] + z_h)
            return (1 - z) * phi(gx[2] + r * n_h) + z * h, None
        if cell == "gru_reset_before":
            r_h, z_h = recurrent(masked, 0, 2)
            r, z = sigma(gx[0] + r_h), sigma(gx[1] + z_h)
            return (1 - z) * phi(gx[2] + recurrent(r * masked, 2, 3)[0]) + z * h, None
        if cell == "mgu":
            f = sigma(gx[0] + recurrent(masked, 0, 1)[0])
            return (1 - f) * h + f * phi(gx[1] + recurrent(f * masked, 1, 2)[0]), None
        gates = [a + b for a, b in zip(gx, recurrent(masked, 0, G))]
        peepholes = p["w_unit"].split(H) if "w_unit" in p else [torch.zeros(H)] * 3
        i = sigma(gates[0] + peepholes[0] * c)
        f = 1 - i if cell == "lstm_coupled" else sigma(gates[1] + peepholes[1] * c)
        c_new = f * c + i * phi(gates[-2])
        if spec.get("clip"):
            c_new = torch.clamp(c_new, -spec["clip"], spec["clip"])
        o = sigma(gates[-1] + peepholes[UNITS[cell] - 1] * c_new)
        seen = normed(c_new, p.get("ln_c")) + (p["ln_c_bias"] if norm else 0)
        m = o * out(seen)
        return (p["w_hr"] @ m if "w_hr" in p else m), c_new

    def zoned(new, old, name, t, b):
        if "zoneout" not in spec["features"]:
            return new
        keep = p[name][t, b] if name in p else 1 - spec["rates"][name]
        return keep * new + (1 - keep) * old

    y, hn, cn = [[None] * spec["B"] for _ in range(spec["T"])], [], []
    for b, length in enumerate(spec["lengths"]):
        h, c = p["h0"][b], p["c0"][b] if has_c else None
        for t in reversed(range(length)) if spec["reverse"] else range(length):
            h_new, c_new = step(p["x"][t, b], h, c, b)
            h = zoned(h_new, h, "zone_h", t, b)
            c = zoned(c_new, c, "zone_c", t, b) if has_c else None
            y[t][b] = h
        hn.append(h)
        cn.append(c)
    y = torch.stack([torch.stack([torch.zeros(R) if v is None else v for v in row]) for row in y])
    return y, torch.stack(hn), torch.stack(cn) if has_c else None


def projected(spec, p):
    """PyTorch's own LSTM with a projection."""
    layer = nn.LSTM(spec["I"], spec["H"], proj_size=spec["R"])
    names = {"weight_ih_l0": "w_ih", "weight_hh_l0": "w_hh", "bias_ih_l0": "b_ih", "bias_hh_l0": "b_hh", "weight_hr_l0": "w_hr"}
    for torch_name, name in names.items():
        # The leaf itself, so that its gradient is found there.
        delattr(layer, torch_name)
        setattr(layer, torch_name, p[name])
    layer._flat_weights = [p[names[name]] for name in layer._flat_weights_names]
    y, (hn, cn) = layer(p["x"], (p["h0"].unsqueeze(0), p["c0"].unsqueeze(0)))
    return y, hn[0], cn[0]


def general():
    golden = Golden("general", 6)

    def case(name, cell, features=(), run=loop, lengths=None, reverse=False, R=None, **rest):
        T, B, I, H = 4, 3, 3, 4
        spec = {"cell": cell, "features": list(features), "T": T, "B": B, "I": I, "H": H, "R": R or H, "reverse": reverse}
        spec.update(lengths=lengths or [T] * B, **rest)
        R, GH, has_c = spec["R"], GATES[cell] * H, cell.startswith("lstm")
        scale = 0.6
        p = {"x": randn(T, B, I), "h0": randn(B, R, scale=scale), "w_ih": randn(GH, I, scale=scale), "b_ih": randn(GH, scale=scale), "b_hh": randn(GH, scale=scale)}
        if has_c:
            p["c0"] = randn(B, H, scale=scale)
        if cell != "ind_rnn":
            p["w_hh"] = randn(GH, R, scale=scale)
        if "unit" in features or cell == "ind_rnn":
            p["w_unit"] = randn(UNITS[cell] * H, scale=scale)
        if "projection" in features:
            p["w_hr"] = randn(R, H, scale=scale)
        if "norm" in features:
            p["ln_ih"] = f32(1 + randn(GH, scale=0.3))
            if cell != "ind_rnn":
                p["ln_hh"] = f32(1 + randn(GH, scale=0.3))
            if has_c:
                p["ln_c"], p["ln_c_bias"] = f32(1 + randn(H, scale=0.3)), randn(H, scale=0.3)
        p = {key: leaf(value) for key, value in p.items()}
        masks = {}
        if "drop" in features:
            masks["drop"] = (torch.rand(B, R) < 0.75).double() * 1.25
        if "zoneout" in features and "rates" not in spec:
            masks["zone_h"] = (torch.rand(T, B, R) < 0.7).double()
            if has_c:
                masks["zone_c"] = (torch.rand(T, B, H) < 0.7).double()
        y, hn, cn = run(spec, {**p, **masks})
        expected = {"y": y, "hn": hn, **({} if cn is None else {"cn": cn})}
        upstream = {"d" + key: randn(*value.shape) for key, value in expected.items()}
        sum((value * upstream["d" + key]).sum() for key, value in expected.items()).backward()
        expected.update({"d" + key: value.grad for key, value in p.items()})
        numbers = {key: NUMBERS.get(spec.get(key, ""), (0, 0)) for key in ("gate", "candidate", "output")}
        golden.add(name, {**spec, "numbers": numbers, "eps": EPS}, {**p, **masks, **upstream}, expected)

    ragged = {"lengths": [2, 0, 4]}
    case("projection", "lstm", ["projection"], run=projected, R=2)
    case("projection_ragged_reverse", "lstm", ["projection"], R=2, reverse=True, **ragged)
    case("peepholes", "lstm", ["unit"])
    case("coupled", "lstm_coupled")
    case("coupled_peepholes_ragged", "lstm_coupled", ["unit"], **ragged)
    case("mgu", "mgu")
    case("mgu_reverse_ragged", "mgu", reverse=True, **ragged)
    case("ind_rnn", "ind_rnn")
    case("clip", "lstm", ["pointwise", "unit"], clip=0.5)
    for cell in GATES:
        case(f"norm/{cell}", cell, ["norm"], **(ragged if cell in ("gru", "lstm") else {}))
        case(f"masks/{cell}", cell, ["drop", "zoneout"], reverse=cell in ("gru", "mgu"))
    case("zoneout_rates", "lstm", ["zoneout"], rates={"zone_h": 0.25, "zone_c": 0.5})
    for kind in list(ACTIVATIONS)[1:]:
        case(f"activation/{kind}", "gru", ["pointwise"], candidate=kind)
    case("activations", "lstm", ["pointwise"], gate="hard_sigmoid", candidate="softsign", output="scaled_tanh")
    case("activations_coupled", "lstm_coupled", ["pointwise"], gate="sigmoid", candidate="elu", output="leaky_relu")
    all_features = ["projection", "unit", "norm", "drop", "zoneout", "pointwise"]
    some = {"gate": "hard_sigmoid", "candidate": "softsign", "output": "elu", "clip": 0.75}
    case("everything", "lstm", all_features, R=3, reverse=True, **some, **ragged)
    case("everything_coupled", "lstm_coupled", all_features, R=3, **some)
    golden.write()


if __name__ == "__main__":
    general()
