// report-inl.h: what backward tells of each step, for whoever wants to see how gradients flow: norms of the gradients
// of the states and means of the gates, collected while they are in registers. (How much a step adds to the gradients
// of the weights is contributions-inl.h's.)

struct Report {
  float* steps;           // [T,B,width] or null: see rnn_general_backward
  double* contributions;  // [T,3] or null
  int width;
};

// Of one row at one step. Lanes past H add nothing: gradients are 0 there, and gates are masked.
template <class Cell>
struct StepReport {
  // Without initialisers: the constructor they would need is compiled outside of the target's pragma.
  vf h, c, mean[Cell::GATES], low[Cell::GATES], high[Cell::GATES];
  float before_h;

  U_INLINE_METHOD void add_h(vf dh) { h += dh * dh; }
  U_INLINE_METHOD void add_c(vf dc) { c += dc * dc; }
  // saved: the gates, in their order; a cell that saves none has its h as the only one.
  U_INLINE_METHOD void add_gates(const vf* saved, vf h_new, int valid) {
    const vf one = first_lanes(splat(1.0f), valid);
    for (int k = 0; k < Cell::GATES; k++) {
      const vf v = first_lanes(Cell::SAVED ? saved[k] : h_new, valid);
      mean[k] += v;
      low[k] += select(v < splat(Cell::CANDIDATES >> k & 1 ? -0.9f : 0.1f), one, zero());
      high[k] += select(v > splat(0.9f), one, zero());
    }
  }
  // A row told of before: its |dh|^2 stays.
  void resume(const Report& report, int64_t row) { before_h = report.steps[row * report.width]; }
  void store(const Report& report, int64_t row, int H) const {
    float* to = report.steps + row * report.width;
    to[0] = before_h + sum_lanes(h);
    to[1] = sum_lanes(c);
    for (int k = 0; k < Cell::GATES; k++) {
      to[2 + 3 * k] = sum_lanes(mean[k]) / (float)H;
      to[3 + 3 * k] = sum_lanes(low[k]) / (float)H;
      to[4 + 3 * k] = sum_lanes(high[k]) / (float)H;
    }
  }
};

// What a chunk's weight gradients are made of, by places; gate gradients `record` floats apart.
struct ChunkOperands {
  const float *dgx, *dgh, *x, *h;
  ptrdiff_t record;
};
