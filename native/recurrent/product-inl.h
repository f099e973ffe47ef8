// product-inl.h: the products inside the time loop: a few rows of h (or of gate gradients) times a weight matrix that
// stays the same for the whole sequence. Unlike gemm-inl.h's, the weights lie so that one tile of registers holds all
// gates of the same units: when a tile is done, its rows and units can go through the cell's pointwise part while they
// are in L1.

// Accumulators a tile may use: what leaves registers for the weights and one broadcast, and on WASM stays below V8's
// limit.
#if U_LANES == 16 || defined(__aarch64__)
constexpr int STEP_ACCUMULATORS = 24;
#elif U_LANES == 8
constexpr int STEP_ACCUMULATORS = 12;
#else
constexpr int STEP_ACCUMULATORS = 9;
#endif
constexpr int STEP_VECTORS = 4;  // columns of a tile in vectors, at most
constexpr int STEP_ROWS = 8;     // rows of a tile, at most
constexpr int step_rows(int vectors) {
  return STEP_ACCUMULATORS / vectors < STEP_ROWS ? STEP_ACCUMULATORS / vectors : STEP_ROWS;
}

// A weight matrix cut into panels: panel p holds the gates of a few blocks of LANES units, as
// [depth][block][gate][LANES]. Units past H are 0.
struct Panels {
  float* weights;
  int gates, units;       // units: H rounded up to LANES
  int segments, segment;  // depth = segments * segment
};
constexpr int panel_blocks(int gates) { return STEP_VECTORS / gates; }
static uint64_t panel_floats(const Panels& w) { return (uint64_t)w.segments * w.segment * w.gates * w.units; }

// Element (k, gate, unit) of the matrix is w[k * depth_stride + gate * gate_stride + unit * unit_stride], unit < H.
static void pack_panels(const Panels& to, const float* w, int H, ptrdiff_t depth_stride, ptrdiff_t gate_stride,
                        ptrdiff_t unit_stride) {
  const int depth = to.segments * to.segment, blocks = to.units / LANES;
  float* panel = to.weights;
  for (int first = 0; first < blocks; first += panel_blocks(to.gates)) {
    const int rest = blocks - first;
    const int count = rest < panel_blocks(to.gates) ? rest : panel_blocks(to.gates);
    const int width = count * to.gates * LANES;
    // 16 deep at a time: a cache line of weights is used up at once, whichever way the matrix lies.
    for (int k0 = 0; k0 < depth; k0 += 16) {
      const int k1 = k0 + 16 < depth ? k0 + 16 : depth;
      for (int column = 0; column < width; column++) {
        const int vector = column / LANES;
        const int unit = (first + vector / to.gates) * LANES + column % LANES;
        const float* source = w + (vector % to.gates) * gate_stride + unit * unit_stride;
        for (int k = k0; k < k1; k++) panel[(size_t)k * width + column] = unit < H ? source[k * depth_stride] : 0.0f;
      }
    }
    panel += (size_t)depth * width;
  }
}

// The left operand: rows of `segments` runs of `segment` floats (the gates of a record), `gap` apart.
struct Rows {
  const float* p;
  ptrdiff_t row, gap;
};

// tile[ROWS][VECTORS][LANES] = a w. One order of summation for every tile size: the bits do not depend on the tiling.
template <int ROWS, int VECTORS>
static __attribute__((noinline)) void step_tile(float* tile, Rows a, const float* w, int segments, int segment) {
  vf sum[ROWS][VECTORS] = {};
  for (int s = 0; s < segments; s++, a.p += a.gap) {
    for (int k = 0; k < segment; k++, w += VECTORS * LANES) {
      U_UNROLL for (int r = 0; r < ROWS; r++) {
        const vf x = splat(a.p[r * a.row + k]);
        U_UNROLL for (int v = 0; v < VECTORS; v++) sum[r][v] += x * load(w + v * LANES);
      }
    }
  }
  U_UNROLL for (int r = 0; r < ROWS; r++) {
    U_UNROLL for (int v = 0; v < VECTORS; v++) store(tile + (r * VECTORS + v) * LANES, sum[r][v]);
  }
}

// The tile of that many rows and vectors.
template <int ROWS, int VECTORS>
static void step_tiles(float* tile, Rows a, const float* w, const Panels& of, int rows, int vectors) {
  if (vectors < VECTORS) {
    if constexpr (VECTORS > 1) step_tiles<step_rows(VECTORS - 1), VECTORS - 1>(tile, a, w, of, rows, vectors);
  } else if (rows < ROWS) {
    if constexpr (ROWS > 1) step_tiles<ROWS - 1, VECTORS>(tile, a, w, of, rows, vectors);
  } else {
    step_tile<ROWS, VECTORS>(tile, a, w, of.segments, of.segment);
  }
}

// Where a tile of a product stands, and what it came to: sum[row][block][gate][LANES].
struct StepTile {
  const float* sum;
  int row, rows, block, blocks;
};

// Calls epilogue.apply(tile) for every tile of a w, a having `rows` rows; before the tile is computed,
// epilogue.fetch(tile) may ask the cache for what apply will touch. Each panel stays in the cache for all rows.
template <int GATES, class Epilogue>
static void step_product(const Epilogue& epilogue, Rows a, const Panels& w, int rows) {
  static_assert(GATES <= STEP_VECTORS, "a cell with more gates needs wider tiles");
  alignas(64) float sum[STEP_ACCUMULATORS * LANES];
  const int blocks = w.units / LANES;
  const float* panel = w.weights;
  for (int block = 0; block < blocks; block += panel_blocks(GATES)) {
    const int rest = blocks - block;
    const int count = rest < panel_blocks(GATES) ? rest : panel_blocks(GATES);
    const int vectors = count * GATES;
    const int most = step_rows(vectors);
    const int tiles = (rows + most - 1) / most;
    int row = 0;
    for (int t = 0; t < tiles; t++) {  // even tiles: 32 rows by at most 6 are 6 6 5 5 5 5, not 6 6 6 6 6 2
      const int take = rows / tiles + (t < rows % tiles);
      const Rows from = {a.p + row * a.row, a.row, a.gap};
      const StepTile tile = {sum, row, take, block, count};
      epilogue.fetch(tile);
      step_tiles<step_rows(STEP_VECTORS), STEP_VECTORS>(sum, from, panel, w, take, vectors);
      epilogue.apply(tile);
      row += take;
    }
    panel += (size_t)w.segments * w.segment * vectors * LANES;
  }
}

// Vectors at the edge of rows of H floats: `count` of them are left.
U_INLINE vf load_up_to(const float* p, int count) { return count >= LANES ? load(p) : load_n(p, count); }
U_INLINE void store_up_to(float* p, vf v, int count) {
  if (count >= LANES) {
    store(p, v);
  } else {
    store_n(p, v, count);
  }
}
