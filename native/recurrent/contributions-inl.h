// contributions-inl.h: how much each step adds to the gradients of the weights.

// dot[i][j] = a_i . b_j of two rows each, n numbers long.
static void dot_pairs(const float* a0, const float* a1, const float* b0, const float* b1, ptrdiff_t n, double* dot) {
  vf sum[4] = {}, more[4] = {};
  ptrdiff_t k = 0;
  const auto step = [&](vf * to, vf p0, vf p1, vf q0, vf q1) __attribute__((always_inline)) {
    to[0] += p0 * q0, to[1] += p0 * q1, to[2] += p1 * q0, to[3] += p1 * q1;
  };
  for (; k + 2 * LANES <= n; k += 2 * LANES) {
    step(sum, load(a0 + k), load(a1 + k), load(b0 + k), load(b1 + k));
    step(more, load(a0 + k + LANES), load(a1 + k + LANES), load(b0 + k + LANES), load(b1 + k + LANES));
  }
  for (; k < n; k += LANES) {
    const int rest = (int)(n - k);
    step(sum, load_up_to(a0 + k, rest), load_up_to(a1 + k, rest), load_up_to(b0 + k, rest), load_up_to(b1 + k, rest));
  }
  for (int i = 0; i < 4; i++) dot[i] = (double)sum_lanes(sum[i] + more[i]);
}

// |sum over rows of u_r v_r^T|^2 = sum over pairs of rows of (u_r . u_s) (v_r . v_s): no gradient of a single step is
// ever made. Rows are taken two at a time.
struct RowPair {
  int first, second;  // the same row twice where one is left: it then counts once
  double weight[2];
};
static RowPair row_pair(int k, int rows) {
  const bool whole = 2 * k + 1 < rows;
  return {2 * k, whole ? 2 * k + 1 : 2 * k, {1.0, whole ? 1.0 : 0.0}};
}

static void report_step(const Backward& b, int d, const ChunkOperands& of, int s) {
  const Sequence& q = *b.sequence;
  const Shape& shape = q.shape;
  const CellInfo& cell = *b.cell;
  const int rows = q.active(s), units = shape.units(), outputs = shape.outputs();
  const ptrdiff_t first = q.place(d, s) - first_place(q, d, b.chunk);
  const int first_columns = cell.first_gates * units, columns = cell.gates * units;
  const float* u = b.scratch->direction[d].u;
  // db_hh has the gradients before normalisation.
  const ptrdiff_t slots_row = row_floats(cell.slots * units);
  const float* bias = b.scratch->direction[d].dg + cell.first_slot() * units;
  const bool own_bias = of.dgh != bias || !cell.product;
  // Where nothing was normalised, gradients of gx and of gh lie in one row and share most of it.
  const bool in_one_row = cell.product && !shape.has(U_NORM);
  const int lead = cell.first_slot() * units;
  double ih = 0, hh = 0, b_hh = 0;
  for (int i = 0; 2 * i < rows; i++) {
    for (int j = i; 2 * j < rows; j++) {
      const RowPair p = row_pair(i, rows), o = row_pair(j, rows);
      const auto dots = [&](const float* base, ptrdiff_t row, ptrdiff_t n, double* dot) {
        const float* at = base + first * row;
        dot_pairs(at + p.first * row, at + p.second * row, at + o.first * row, at + o.second * row, n, dot);
      };
      double gx[4], gh[4] = {}, second[4] = {}, db[4] = {}, x[4], h[4] = {}, v[4] = {};
      dots(of.x, shape.I, shape.I, x);
      if (cell.product) dots(of.h, outputs, outputs, h);
      if (cell.product) dots(of.dgh, of.record, in_one_row && lead ? columns - lead : first_columns, gh);
      if (cell.two_products()) {
        dots(of.dgh + first_columns, of.record, columns - first_columns, second);
        dots(u, units, units, v);
      }
      if (!in_one_row) {
        dots(of.dgx, of.record, columns, gx);
      } else {
        double only_gx[4] = {}, only_gh[4] = {};
        if (lead) dots(of.dgx, of.record, lead, only_gx);
        if (lead) dots(of.dgx + columns, of.record, lead, only_gh);
        for (int k = 0; k < 4; k++) {
          gx[k] = only_gx[k] + gh[k] + second[k];
          gh[k] += only_gh[k];
        }
      }
      if (own_bias) dots(bias, slots_row, columns, db);
      for (int k = 0; k < 4; k++) {
        const double weight = p.weight[k / 2] * o.weight[k % 2] * (i == j ? 1 : 2);
        ih += weight * gx[k] * x[k];
        hh += weight * (gh[k] * h[k] + second[k] * v[k]);
        b_hh += weight * (own_bias ? db[k] : gh[k] + second[k]);
      }
    }
  }
  // Per-unit recurrence: sum over units of (sum over rows of dg h)^2.
  if (!cell.product) {
    for (int unit = 0; unit < units; unit += LANES) {
      vf sum = zero();
      for (int r = 0; r < rows; r++)
        sum += load(bias + (first + r) * slots_row + unit) * load(of.h + (first + r) * (ptrdiff_t)outputs + unit);
      hh += (double)sum_lanes(sum * sum);
    }
  }
  double* to = b.report->contributions + (ptrdiff_t)(shape.backwards(d) ? shape.T - 1 - s : s) * 3;
  // Pairs may cancel to a rounding below 0.
  to[0] = ih > 0 ? ih : 0;
  to[1] = hh > 0 ? hh : 0;
  to[2] = b_hh > 0 ? b_hh : 0;
}

static void report_contributions(u_ctx* ctx, const Backward& b, int d, const ChunkOperands& of) {
  const int steps = b.chunk.last - b.chunk.first;
  in_ranges(ctx, steps, (double)b.chunk.rows * b.sequence->shape.B * of.record, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t k = begin; k < end; k++) report_step(b, d, of, b.chunk.first + (int)k);
  });
}
