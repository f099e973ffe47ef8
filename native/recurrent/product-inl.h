// product-inl.h: the products inside the time loop: a few rows of h (or of gate gradients) times a weight matrix that
// stays the same for the whole sequence. Unlike gemm-inl.h's, the weights lie so that one panel holds all gates of the
// same units: when a panel is done, its rows and units go through the cell's pointwise part while they are in L1.
//
//   for each panel           all gates of a few blocks of LANES units
//     for each part of depth so deep that its weights stay in L1 while all rows pass by
//       for each tile of rows, each strip of STEP_VECTORS columns: a register tile, into (or added to) `sum`
//     the epilogue
//
// The register tile has gemm-inl.h's shape. The left operand is read where it lies: packing it would cost as much as it
// saves at these sizes.
constexpr int STEP_ROWS = TILE_ROWS, STEP_VECTORS = TILE_VECTORS;
// Floats of a panel's part: a quarter of the L1 of a CPU with AVX2, which may have to share it. Wider vectors have
// wider panels, and with so few floats would be done before the sums have paid for being stored.
constexpr int STEP_PART = (LANES == 16 ? 32 : 8) * 1024 / sizeof(float);
constexpr int STEP_GROUP = 16 * STEP_ROWS;  // rows whose sums wait for the epilogue together

// Blocks of units in a panel: the fewest whose gates fill whole strips.
constexpr int common_divisor(int a, int b) { return b == 0 ? a : common_divisor(b, a % b); }
constexpr int panel_blocks(int gates) { return STEP_VECTORS / common_divisor(STEP_VECTORS, gates); }

// A weight matrix [depth][units of every gate], cut into panels: a panel is [part][strip][k][vector][LANES], where the
// vectors of all its strips are [block][gate]. Units past H, and k past a gate's H, are 0. The last panel has what
// blocks are left, its last strip what vectors.
struct Panels {
  float* weights;
  int gates, units;  // units: H rounded up to LANES
  int depth;
};
static ptrdiff_t panel_stride(const Panels& w) { return (ptrdiff_t)w.depth * panel_blocks(w.gates) * w.gates * LANES; }
static uint64_t panel_floats(const Panels& w) { return (uint64_t)w.depth * w.gates * w.units; }
static int panel_count(const Panels& w) {
  const int blocks = w.units / LANES, each = panel_blocks(w.gates);
  return (blocks + each - 1) / each;
}
// Of the panels: [first, last). Every other step takes them from the last to the first: what the second-level cache
// still holds of the step before comes first, not when the weights before it have driven it out.
struct Span {
  int first, last;
  bool backwards;
};
static Span panels_at(int step, int first, int last) { return {first, last, step % 2 != 0}; }
static Span all_panels(const Panels& w, int step) { return panels_at(step, 0, panel_count(w)); }
// Of a span of which `left` panels are left, those that come next: `most` together where they are all below `whole`,
// the number of panels of full width, else one.
static Span next_panels(const Span& span, int left, int most, int whole) {
  const int end = span.backwards ? span.first + left : span.last - left + most;
  const int count = left >= most && end <= whole ? most : 1;
  const int first = span.backwards ? end - count : span.last - left;
  return {first, first + count, span.backwards};
}

// The depth of the parts: as many as needed, all alike but the last.
static int part_depth(int depth, int vectors) {
  const int most = STEP_PART / (vectors * LANES), parts = (depth + most - 1) / most;
  return parts ? (depth + parts - 1) / parts : 1;
}

// Element (k, gate, unit) of the matrix is w[k * depth_stride + gate * gate_stride + unit * unit_stride] for unit < H
// and k % padded < valid, else 0: depth is made of runs of `padded`, of which `valid` are there (and lie together in
// w).
struct Depth {
  int valid, padded;
};
static void pack_panel(const Panels& to, int panel, const float* w, int H, Depth depth, ptrdiff_t depth_stride,
                       ptrdiff_t gate_stride, ptrdiff_t unit_stride) {
  const int first = panel * panel_blocks(to.gates), blocks = least(panel_blocks(to.gates), to.units / LANES - first);
  const int vectors = blocks * to.gates, part = part_depth(to.depth, vectors);
  float* out = to.weights + panel * panel_stride(to);
  for (int part_first = 0; part_first < to.depth; part_first += part) {
    const int part_end = least(part_first + part, to.depth);
    for (int strip = 0; strip < vectors; strip += STEP_VECTORS) {
      const int width = least(STEP_VECTORS, vectors - strip) * LANES;
      // 16 deep at a time: a cache line of weights is used up at once, whichever way the matrix lies.
      for (int k0 = part_first; k0 < part_end; k0 += 16) {
        const int k1 = least(k0 + 16, part_end), in_run = k0 % depth.padded;
        const float* row = w + ((ptrdiff_t)k0 / depth.padded * depth.valid + least(in_run, depth.valid)) * depth_stride;
        for (int column = 0; column < width; column++) {
          const int vector = strip + column / LANES;
          const int unit = (first + vector / to.gates) * LANES + column % LANES;
          const float* from = row + (vector % to.gates) * gate_stride + unit * unit_stride;
          for (int k = k0, at = in_run; k < k1; k++) {
            float value = 0.0f;
            if (at < depth.valid) {
              if (unit < H) value = *from;
              from += depth_stride;
            }
            out[(ptrdiff_t)(k - part_first) * width + column] = value;
            if (++at == depth.padded) at = 0;
          }
        }
      }
      out += (ptrdiff_t)(part_end - part_first) * width;
    }
  }
}
static void pack_panels(u_ctx* ctx, const Panels& to, const float* w, int H, Depth depth, ptrdiff_t depth_stride,
                        ptrdiff_t gate_stride, ptrdiff_t unit_stride) {
  in_ranges(ctx, panel_count(to), (double)panel_floats(to), [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t panel = begin; panel < end; panel++)
      pack_panel(to, (int)panel, w, H, depth, depth_stride, gate_stride, unit_stride);
  });
}

// The left operand: rows `row` apart.
struct Rows {
  const float* p;
  ptrdiff_t row;
};

// sum[ROWS][STRIPS][VECTORS] = (add ? sum : 0) + a w over one part of the depth; rows of `sum` are sum_row apart, its
// strips sum_strip, those of w strip_floats. One order of summation for every tile size: the bits do not depend on the
// tiling. `ahead` fetches meanwhile.
template <int ROWS, int VECTORS, int STRIPS, class Fetch>
U_INLINE void step_tile(float* sum, ptrdiff_t sum_row, ptrdiff_t sum_strip, Rows a, const float* w,
                        ptrdiff_t strip_floats, int depth, bool add, Fetch& ahead) {
  constexpr int WIDTH = STRIPS * VECTORS;
  vf acc[ROWS][WIDTH];
  U_UNROLL for (int r = 0; r < ROWS; r++) U_UNROLL for (int v = 0; v < WIDTH; v++) acc[r][v] = zero();
  const float* x = a.p;
  for (int k = 0; k < depth; k++, x++, w += VECTORS * LANES) {
    ahead.fetch();
    vf right[WIDTH];
    U_UNROLL for (int v = 0; v < WIDTH; v++) right[v] = load(w + v / VECTORS * strip_floats + v % VECTORS * LANES);
    U_UNROLL for (int r = 0; r < ROWS; r++) {
      const vf left = splat(x[r * a.row]);
      U_UNROLL for (int v = 0; v < WIDTH; v++) acc[r][v] += left * right[v];
    }
  }
  U_UNROLL for (int r = 0; r < ROWS; r++) {
    U_UNROLL for (int v = 0; v < WIDTH; v++) {
      float* to = sum + r * sum_row + v / VECTORS * sum_strip + v % VECTORS * LANES;
      store(to, add ? load(to) + acc[r][v] : acc[r][v]);
    }
  }
}

// The last strip of a panel, if it is narrower than the others.
template <int ROWS, int VECTORS>
U_INLINE void step_last(float* sum, ptrdiff_t sum_row, int vectors, Rows a, const float* w, int depth, bool add,
                        Ahead& ahead) {
  if (vectors == VECTORS) return step_tile<ROWS, VECTORS, 1>(sum, sum_row, 0, a, w, 0, depth, add, ahead);
  if constexpr (VECTORS > 1) step_last<ROWS, VECTORS - 1>(sum, sum_row, vectors, a, w, depth, add, ahead);
}

// All strips of a panel's part for ROWS rows. Few rows would wait for their own additions: up to half of a tile's rows
// take two strips at once.
template <int ROWS>
static __attribute__((noinline)) void step_strips(float* sum, int vectors, Rows a, const float* w, int depth, bool add,
                                                  Ahead ahead) {
  constexpr int STRIPS = ROWS <= STEP_ROWS / 2 ? 2 : 1;
  const ptrdiff_t sum_row = vectors * LANES, strip_floats = (ptrdiff_t)depth * STEP_VECTORS * LANES;
  for (; vectors >= STRIPS * STEP_VECTORS; vectors -= STRIPS * STEP_VECTORS) {
    step_tile<ROWS, STEP_VECTORS, STRIPS>(sum, sum_row, STEP_VECTORS * LANES, a, w, strip_floats, depth, add, ahead);
    w += STRIPS * strip_floats, sum += STRIPS * STEP_VECTORS * LANES;
  }
  if (STRIPS > 1 && vectors >= STEP_VECTORS) {
    step_tile<ROWS, STEP_VECTORS, 1>(sum, sum_row, STEP_VECTORS * LANES, a, w, strip_floats, depth, add, ahead);
    w += strip_floats, sum += STEP_VECTORS * LANES, vectors -= STEP_VECTORS;
  }
  if constexpr (STEP_VECTORS > 1) step_last<ROWS, STEP_VECTORS - 1>(sum, sum_row, vectors, a, w, depth, add, ahead);
}

template <int ROWS = STEP_ROWS>
static void step_rows(int rows, float* sum, int vectors, Rows a, const float* w, int depth, bool add, Ahead ahead) {
  if (rows == ROWS) return step_strips<ROWS>(sum, vectors, a, w, depth, add, ahead);
  if constexpr (ROWS > 1) step_rows<ROWS - 1>(rows, sum, vectors, a, w, depth, add, ahead);
}

// Where a tile of a product stands, and what it came to: sum[row][block][gate][LANES], which is the epilogue's to use.
struct StepTile {
  float* sum;
  int row, rows, block, blocks;
};

// So few rows that one panel would wait for its own additions take several panels together, each of which is read from
// its beginning to its end: the hardware that fetches ahead follows it.
constexpr int FEW_ROWS = LANES == 4 ? 2 : 3;
constexpr int panels_together(int rows) { return rows == 1 ? 4 : rows <= FEW_ROWS ? 2 : 1; }

// Few rows use a panel up as fast as it comes: it is for the hardware to fetch ahead.
struct NothingAhead {
  U_INLINE_METHOD void fetch() {}
};

// One part of one strip of one row and its panels.
template <bool ADD>
static void one_row(float* sum, ptrdiff_t panel_sums, Rows a, const float* w, ptrdiff_t panel_floats, int depth) {
  NothingAhead ahead;
  step_tile<1, STEP_VECTORS, panels_together(1)>(sum, 0, panel_sums, a, w, panel_floats, depth, ADD, ahead);
}
// The first part, and the others. By pointer: V8 unrolls a loop the more the deeper it lies in others; this one then
// fetches all that its turns need at once, and older versions (Node 20) have no registers for that.
typedef void (*OneRow)(float* sum, ptrdiff_t panel_sums, Rows a, const float* w, ptrdiff_t panel_floats, int depth);
static constexpr OneRow one_row_form[] = {one_row<false>, one_row<true>};

// The whole depth of ROWS rows and their panels, of `vectors` each, part by part as step_product does it.
template <int ROWS>
static __attribute__((noinline)) void few_rows_of(float* sum, int vectors, Rows a, const float* w, int depth) {
  constexpr int PANELS = panels_together(ROWS);
  const ptrdiff_t panel_sums = vectors * LANES, sum_row = PANELS * panel_sums, panel_floats = depth * panel_sums;
  const int most = part_depth(depth, vectors);
  NothingAhead ahead;
  for (int k = 0; k < depth; k += most) {
    const int part = least(most, depth - k);
    const Rows left = {a.p + k, a.row};
    for (int v = 0; v < vectors; v += STEP_VECTORS, w += (ptrdiff_t)part * STEP_VECTORS * LANES) {
      float* const to = sum + v * LANES;
      if constexpr (ROWS == 1) {
        one_row_form[k > 0](to, panel_sums, left, w, panel_floats, part);
      } else {
        step_tile<ROWS, STEP_VECTORS, PANELS>(to, sum_row, panel_sums, left, w, panel_floats, part, k > 0, ahead);
      }
    }
  }
}

// By pointer, as gemm-inl.h's rare tiles: within the loops of its caller V8 unrolls the loop over k, and has no
// registers for that.
typedef void (*FewRows)(float* sum, int vectors, Rows a, const float* w, int depth);
template <int MOST, int... ROWS>
struct FewForms : FewForms<MOST - 1, MOST, ROWS...> {};
template <int... ROWS>
struct FewForms<0, ROWS...> {
  static constexpr FewRows of[] = {few_rows_of<ROWS>...};
};
static void few_rows(int rows, float* sum, int vectors, Rows a, const float* w, int depth) {
  FewForms<FEW_ROWS>::of[rows - 1](sum, vectors, a, w, depth);
}

// What step_product leaves its tiles to.
struct Epilogue {
  const void* self;
  void (*fetch)(const void* self, const StepTile& tile);
  void (*apply)(const void* self, const StepTile& tile);
};

// Once for all cells: a panel takes so long that calls by pointer cannot be seen, and the WASM has to be small.
constexpr int MOST_VECTORS = 3 * panel_blocks(3);  // of a panel: three gates need the most blocks to fill strips
static __attribute__((noinline)) void step_panels(const Epilogue& epilogue, Rows a, const Panels& w, int rows,
                                                  Span panels) {
  static_assert(STEP_GROUP >= 4 * FEW_ROWS, "the sums of few rows and their panels must fit as well");
  alignas(64) float sums[STEP_GROUP * MOST_VECTORS * LANES];
  const int each = panel_blocks(w.gates), blocks = w.units / LANES, most = panels_together(rows);
  // More rows ask for the panel that lies behind theirs while they compute: it is there in time from wherever it comes.
  if (most == 1) panels.backwards = false;
  for (int left = panels.last - panels.first, together; left > 0; left -= together) {
    const Span now = next_panels(panels, left, most, blocks / each);
    together = now.last - now.first;
    const int p = now.first;
    const int block = p * each, count = least(together * each, blocks - block);
    const int vectors = count * w.gates, part = together > 1 ? w.depth : part_depth(w.depth, vectors);
    const float* const panel = w.weights + p * panel_stride(w);
    for (int top = 0; top < rows; top += STEP_GROUP) {
      const int group = least(STEP_GROUP, rows - top);
      const Tiling tiling(group);  // even tiles: 32 rows by at most 6 are 6 6 5 5 5 5, not 6 6 6 6 6 2
      const float* weights = panel;
      for (int k = 0; k < w.depth; k += part) {
        const int depth = least(part, w.depth - k);
        const bool last = k + part >= w.depth;
        const int floats = depth * vectors * LANES, turns = depth * ((vectors + STEP_VECTORS - 1) / STEP_VECTORS);
        for (int t = 0; t < tiling.tiles; t++) {
          const int first = tiling.top(t), height = tiling.height(t);
          float* sum = sums + first * vectors * LANES;
          const Rows left = {a.p + (top + first) * a.row + k, a.row};
          const StepTile tile = {sum, top + first, height, block, count};
          if (last) epilogue.fetch(epilogue.self, tile);
          if (together > 1) {
            few_rows(height, sum, vectors / together, left, weights, depth);
          } else {
            step_rows(height, sum, vectors, left, weights, depth, k > 0,
                      ahead_of_tile(t, tiling.tiles, turns, weights, weights + floats, floats));
          }
          if (last) epilogue.apply(epilogue.self, tile);
        }
        weights += floats;
      }
    }
  }
}

// Calls epilogue.apply(tile) for every tile of a w, a having `rows` rows; before the tile is computed,
// epilogue.fetch(tile) may ask the cache for what apply will touch. Only those of the given panels, which have GATES.
template <int GATES, class E>
static void step_product(const E& epilogue, Rows a, const Panels& w, int rows, Span panels) {
  static_assert(GATES * panel_blocks(GATES) <= MOST_VECTORS, "the sums of a panel must fit");
  step_panels({&epilogue, [](const void* self, const StepTile& tile) { ((const E*)self)->fetch(tile); },
               [](const void* self, const StepTile& tile) { ((const E*)self)->apply(tile); }},
              a, w, rows, panels);
}
