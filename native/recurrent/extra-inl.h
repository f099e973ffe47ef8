// extra-inl.h: what a layer of rnn_general_* has beyond products and a cell: normalisation, masks, projection, per-unit
// weights, other activations. And the arithmetic that its two time loops, forward and backward, share.

// What the caller gives; any pointer may be null. In the layout of native/abi.h.
struct ExtraInput {
  const float *w_unit, *ln_ih, *ln_hh, *ln_c, *ln_c_bias;
  const float *drop, *zone_h, *zone_c;
  const double* options;
};

// The same, ready for the time loops.
struct Extra {
  float *gain_x, *gain_h;        // [block][gate][LANES] with normalisation
  float *gain_c, *shift_c;       // [units]
  float* unit;                   // [block][vector][LANES]; zeros where none are given
  const float* drop;             // [B,R] by the caller's rows
  const float *zone_h, *zone_c;  // [T*B,R], [T*B,H] by the rows of x
  float new_h, new_c;            // where those are null: the share of the new state
  float eps;
  Given functions;
};
static Extra carve_extra(Carver& carver, const CellInfo& cell, const Shape& shape) {
  Extra e = {};
  const int units = shape.units();
  e.unit = carver.take(cell.units, units);
  if (!shape.has(U_NORM)) return e;
  e.gain_x = carver.take(cell.gates, units);
  if (cell.product) e.gain_h = carver.take(cell.gates, units);
  if (cell.cell_state) {
    e.gain_c = carver.take(units);
    e.shift_c = carver.take(units);
  }
  return e;
}
static void fill_extra(Extra& e, const CellInfo& cell, const Shape& shape, const ExtraInput& from, int candidate) {
  const double* options = from.options;
  const auto activation = [&](int at, int own) -> Activation {
    const int kind = shape.has(U_POINTWISE) ? (int)options[at] : U_CELL_OWN;
    return {kind == U_CELL_OWN ? own : kind, (float)options[at + 1], (float)options[at + 2]};
  };
  e.functions.functions[0] = activation(U_GATE_KIND, U_CELL_SIGMOID);
  e.functions.functions[1] = activation(U_CANDIDATE_KIND, candidate);
  e.functions.functions[2] = activation(U_OUTPUT_KIND, U_CELL_TANH);
  e.functions.clip = shape.has(U_POINTWISE) ? (float)options[U_CELL_CLIP] : 0.0f;
  e.new_h = (float)(1 - options[U_ZONEOUT_H]);
  e.new_c = (float)(1 - options[U_ZONEOUT_C]);
  e.eps = (float)options[U_NORM_EPS];
  e.drop = from.drop, e.zone_h = from.zone_h, e.zone_c = from.zone_c;
  const int H = shape.H;
  interleave_bias(e.unit, from.w_unit, cell.units, H);
  if (!shape.has(U_NORM)) return;
  interleave_bias(e.gain_x, from.ln_ih, cell.gates, H);
  if (cell.product) interleave_bias(e.gain_h, from.ln_hh, cell.gates, H);
  if (!cell.cell_state) return;
  interleave_bias(e.gain_c, from.ln_c, 1, H);
  interleave_bias(e.shift_c, from.ln_c_bias, 1, H);
}

// Gradients of ExtraInput's weights and of W_hr; any may be null.
struct ExtraGradients {
  float *w_hr, *w_unit, *ln_ih, *ln_hh, *ln_c, *ln_c_bias;
};

// v, where the lanes below n are valid; 0 in the others.
U_INLINE vf first_lanes(vf v, int n) {
  if (n >= LANES) return v;
  vi lane;
  for (int k = 0; k < LANES; k++) lane[k] = k;
  return select(lane < splat_int(n), v, zero());
}

// to = drop*h for the sorted rows [low, end); both start at row `low`.
static void drop_rows(float* to, const float* h, const Extra& e, const Sequence& q, int low, int end) {
  const int R = q.shape.R, outputs = q.shape.outputs();
  for (int r = low; r < end; r++, to += outputs, h += outputs) {
    const float* mask = e.drop + (ptrdiff_t)q.caller_row(r) * R;
    for (int k = 0; k < outputs; k += LANES) store(to + k, load(h + k) * load_up_to(mask + k, R - k));
  }
}

// The share of the new state in `size` units of a row of x (t, b), from unit k on; 0 past the last.
U_INLINE vf zone(const float* mask, float rate, int64_t row, int size, int k) {
  if (!mask) return splat(rate);
  return load_up_to(mask + row * size + k, size - k);
}

// Of `vectors` vectors for each block of units, the `count` from `from` on.
struct Gates {
  int vectors, from, count;
};

// v becomes (v - mean) / sqrt(var + eps), the moments taken over the chosen gates of H units; 0 past the last unit.
// Returns 1 / sqrt(var + eps), and the mean. Two passes: a mean far from 0 takes nothing from the variance.
static __attribute__((noinline)) float normalise(float* v, int H, Gates gates, float eps, float* mean_of) {
  const int last = (H - 1) / LANES * LANES;
  const float n = (float)H * gates.count;
  const auto each = [&](const auto& f) {
    for (int unit = 0; unit < H; unit += LANES) {
      float* at = v + (ptrdiff_t)unit * gates.vectors + gates.from * LANES;
      for (int k = 0; k < gates.count; k++, at += LANES) f(at, unit == last ? H - last : LANES);
    }
  };
  vf sum = zero();
  each([&](float* at, int valid) { sum += first_lanes(load(at), valid); });
  const float mean = sum_lanes(sum) / n;
  vf squares = zero();
  each([&](float* at, int valid) {
    const vf centred = first_lanes(load(at) - splat(mean), valid);
    squares += centred * centred;
    store(at, centred);
  });
  const float rstd = 1 / __builtin_sqrtf(sum_lanes(squares) / n + eps);
  each([&](float* at, int) { store(at, load(at) * splat(rstd)); });
  if (mean_of) *mean_of = mean;
  return rstd;
}

// forward was: hat = normalise(v), y = gain*hat.  dv = rstd (g - mean(g) - hat mean(g hat)), g = dy*gain.
// dy and dv: [slot][units], slots [first, first + gates.count); slot k's gate is gate_of[k], and its hat and gain lie
// [block][gate][LANES] as before. dv may be dy.
static __attribute__((noinline)) void normalise_back(float* dv, const float* dy, const float* gain, const float* hat,
                                                     int H, size_t units, Gates gates, const int* gate_of, float rstd) {
  const int first = gates.from;
  const float n = (float)H * gates.count;
  const auto each = [&](const auto& f) {
    for (int slot = first; slot < first + gates.count; slot++) {
      const int gate = gate_of ? gate_of[slot] : slot;
      for (int unit = 0; unit < H; unit += LANES) {
        const size_t at = (size_t)unit * gates.vectors + gate * LANES, to = slot * units + unit;
        f(load(dy + to) * load(gain + at), load(hat + at), to, H - unit);
      }
    }
  };
  vf sum = zero(), products = zero();
  each([&](vf g, vf x, size_t, int) { sum += g, products += g * x; });
  const vf mean = splat(sum_lanes(sum) / n), slope = splat(sum_lanes(products) / n), scale = splat(rstd);
  each([&](vf g, vf x, size_t to, int valid) { store(dv + to, first_lanes(scale * (g - mean - x * slope), valid)); });
}

// g = gain*normalised(g) + bias; `hat`: where backward wants the normalised form, and `rstd`, or null.
static __attribute__((noinline)) void normalise_gates(float* g, int H, Gates which, float eps, const float* gain,
                                                      const float* bias, float* hat, float* rstd) {
  const float scale = normalise(g, H, which, eps, nullptr);
  if (rstd) *rstd = scale;
  for (int unit = 0; unit < H; unit += LANES) {
    const ptrdiff_t first = (ptrdiff_t)unit * which.vectors + which.from * LANES;
    for (ptrdiff_t k = first; k < first + which.count * LANES; k += LANES) {
      const vf v = load(g + k);
      if (hat) store(hat + k, v);
      store(g + k, load(gain + k) * v + load(bias + k));
    }
  }
}
// g += bias, of the same gates.
static __attribute__((noinline)) void add_gate_bias(float* g, int H, Gates which, const float* bias) {
  for (int unit = 0; unit < H; unit += LANES) {
    const ptrdiff_t first = (ptrdiff_t)unit * which.vectors + which.from * LANES;
    for (ptrdiff_t k = first; k < first + which.count * LANES; k += LANES) store(g + k, load(g + k) + load(bias + k));
  }
}

// Epilogue that leaves the sums of a product in rows of [block][vectors][LANES], from vector `from` of each block on.
template <int COUNT>
struct StoreSums {
  float* to;
  ptrdiff_t row;
  int vectors, from;

  void fetch(const StepTile&) const {}

  void apply(const StepTile& tile) const {
    const float* sum = tile.sum;
    for (int r = tile.row; r < tile.row + tile.rows; r++) {
      float* at = to + r * row + ((ptrdiff_t)tile.block * vectors + from) * LANES;
      for (int block = 0; block < tile.blocks; block++, at += vectors * LANES, sum += COUNT * LANES) {
        for (int k = 0; k < COUNT * LANES; k += LANES) store(at + k, load(sum + k));
      }
    }
  }
};
