// quantized-product-inl.h: rows of floats times a matrix of int8 or bfloat16 weights, as native/abi.h defines them.
// Made for few rows, where reading the weights takes all the time: each is read once, in the order it lies in, and used
// for every row while it is in the first-level cache. As in product-inl.h one tile holds all gates of the same units.

// 32-bit words of weights: 4 of int8 or 2 of bfloat16, consecutive along the depth. A vector of words belongs to LANES
// units of one gate, so no sum ever crosses the lanes.
struct QuantizedPanels {
  int32_t* words;  // panel by panel: [groups][block][gate][LANES], then with int8 the scales [block][gate][LANES]
  int precision;   // u_precision
  int gates, units, depth;  // units: a multiple of LANES

  int groups() const { return precision == U_INT8 ? (depth + 3) / 4 : (depth + 1) / 2; }
  int most_blocks() const { return 4 / gates; }  // of one panel; the last may have fewer
  int panels() const { return (units / LANES + most_blocks() - 1) / most_blocks(); }
  int blocks(int panel) const {
    const int rest = units / LANES - panel * most_blocks();
    return rest < most_blocks() ? rest : most_blocks();
  }
  size_t vector_words() const { return (size_t)(groups() + (precision == U_INT8)) * LANES; }
  size_t panel_words() const { return vector_words() * gates * most_blocks(); }
};
static uint64_t quantized_words(const QuantizedPanels& w) {
  return (uint64_t)w.vector_words() * w.gates * (w.units / LANES);
}

// ---- rounding -------------------------------------------------------------------------------------------------------

// The scale of a vector, see abi.h. The largest is looked for among the bits, whose order is that of magnitudes, with
// infinity and NaN at the top.
static float int8_scale(const float* v, int n) {
  vi most = {};
  int k = 0;
  for (; k + LANES <= n; k += LANES) {
    const vi bits = bits_of(vabs(load(v + k)));
    most = bits > most ? bits : most;
  }
  if (k < n) {
    const vi bits = bits_of(vabs(load_n(v + k, n - k)));
    most = bits > most ? bits : most;
  }
  int32_t largest = 0;
  for (int lane = 0; lane < LANES; lane++) largest = most[lane] > largest ? most[lane] : largest;
  float size;
  __builtin_memcpy(&size, &largest, sizeof size);
  if (largest >= 0x7f800000) return __builtin_nanf("");
  return size < 0x1p-100f ? 0.0f : size / 127.0f;
}

typedef int8_t vq __attribute__((vector_size(U_LANES)));

// q of a vector; zeros up to a multiple of LANES. Divided, not multiplied by the inverse: a product would be fused with
// the addition that rounds, and round once on some instruction sets and twice on others.
static void round_to_int8(int8_t* to, const float* v, int n, float scale) {
  const bool plain = scale > 0;
  for (int k = 0; k < n; k += LANES) {
    vi q = {};
    // Past 1.5 * 2^23 floats are integers: the sum is rounded to one, and its lowest byte is q.
    if (plain) q = bits_of((n - k >= LANES ? load(v + k) : load_n(v + k, n - k)) / splat(scale) + splat(12582912.0f));
    const vq bytes = __builtin_convertvector(q, vq);
    __builtin_memcpy(to + k, &bytes, LANES);
  }
}

// The upper half of a float's bits once it is rounded to bfloat16.
U_INLINE uint32_t round_to_bf16(float x) {
  uint32_t bits;
  __builtin_memcpy(&bits, &x, sizeof bits);
  if ((bits & 0x7fffffff) > 0x7f800000) return bits >> 16 | 0x40;  // NaN: rounding could make an infinity of it
  return (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
}

// Lays one row of weights into its lane. Returns the largest error of those that are finite.
static double pack_int8_row(int32_t* word, ptrdiff_t stride, float* scale_out, const float* w, int depth) {
  constexpr int PIECE = 256;
  int8_t q[PIECE];
  const float scale = int8_scale(w, depth);
  double worst = 0;
  for (int first = 0; first < depth; first += PIECE) {
    const int count = depth - first < PIECE ? depth - first : PIECE;
    round_to_int8(q, w + first, count, scale);
    for (int k = 0; k < count; k++) {
      const double error = __builtin_fabs((double)w[first + k] - (double)q[k] * scale);
      if (error > worst) worst = error;
    }
    for (int k = 0; k < count; k += 4, word += stride) __builtin_memcpy(word, q + k, 4);
  }
  *scale_out = scale;
  return worst;
}
static double pack_bf16_row(int32_t* word, ptrdiff_t stride, const float* w, int depth) {
  double worst = 0;
  for (int k = 0; k < depth; k += 2, word += stride) {
    uint32_t half[2] = {};
    for (int j = 0; j < 2 && k + j < depth; j++) {
      half[j] = round_to_bf16(w[k + j]);
      const uint32_t bits = half[j] << 16;
      float rounded;
      __builtin_memcpy(&rounded, &bits, sizeof rounded);
      const double error = __builtin_fabs((double)w[k + j] - (double)rounded);
      if (error > worst && error <= 3.4e38) worst = error;
    }
    *word = (int32_t)(half[0] | half[1] << 16);
  }
  return worst;
}

// Rows of w [.., depth] into panels: row_of(gate, unit) is the row for a gate and unit of the panels, -1: none, zeros.
// Returns the largest error.
template <class RowOf>
static double pack_quantized(const QuantizedPanels& to, const float* w, const RowOf& row_of) {
  double worst = 0;
  for (int panel = 0; panel < to.panels(); panel++) {
    const int vectors = to.blocks(panel) * to.gates;
    int32_t* words = to.words + panel * to.panel_words();
    float* scales = (float*)(words + (size_t)to.groups() * vectors * LANES);
    __builtin_memset(words, 0, to.vector_words() * vectors * sizeof(int32_t));
    for (int k = 0; k < vectors * LANES; k++) {
      const int vector = k / LANES, block = panel * to.most_blocks() + vector / to.gates;
      const int64_t index = row_of(vector % to.gates, block * LANES + k % LANES);
      if (index < 0) continue;
      const float* row = w + index * to.depth;
      const double error = to.precision == U_INT8 ? pack_int8_row(words + k, vectors * LANES, scales + k, row, to.depth)
                                                  : pack_bf16_row(words + k, vectors * LANES, row, to.depth);
      if (error > worst) worst = error;
    }
  }
  return worst;
}

// ---- the left operand -----------------------------------------------------------------------------------------------

// Rows as the weights' words want to meet them: int8 with a scale each, or floats (two a word of weights).
struct Operand {
  int32_t* words;
  ptrdiff_t row;   // words of a row
  float* scale;    // [rows] of int8
  int32_t* start;  // [rows] of int8: what sums start from (dot-inl.h)

  Operand from(int r) const { return {words + r * row, row, scale + r, start + r}; }
};
static int operand_words(int precision, int depth) {
  return precision == U_INT8 ? (depth + 15) / 16 * 4 : (depth + 1) / 2 * 2;
}
static int32_t operand_start(const int8_t* q, int n) {
#ifdef U_DOT_VNNI
  if (has_vnni()) return magnitude_start(q, n);
#endif
  return dot_start(q, n);
}
static void load_operand(const Operand& to, int r, const float* v, int depth, int precision) {
  int32_t* words = to.words + r * to.row;
  if (precision == U_INT8) {
    int8_t* q = (int8_t*)words;
    to.scale[r] = int8_scale(v, depth);
    round_to_int8(q, v, depth, to.scale[r]);
    to.start[r] = operand_start(q, depth);
  } else {
    ((float*)words)[to.row - 1] = 0.0f;
    __builtin_memcpy(words, v, depth * sizeof(float));
  }
}

// ---- one tile -------------------------------------------------------------------------------------------------------

// The arithmetic of a precision: a sum in the lanes, a factor made of an operand's words for one word of weights, and
// that word of weights made ready.
struct Bf16 {
  typedef vf Sum;
  struct Factor {
    vf even, odd;
  };
  typedef Factor Weight;
  static constexpr int WORDS = 2;
  U_INLINE Factor factor(const int32_t* x) { return {splat(((const float*)x)[0]), splat(((const float*)x)[1])}; }
  U_INLINE Weight weight(vi w) { return {float_of(w << 16), float_of(w & splat_int((int32_t)0xffff0000))}; }
  U_INLINE Sum start(int32_t) { return zero(); }
  U_INLINE Sum multiply(Sum sum, const Factor& x, const Weight& w) { return sum + x.even * w.even + x.odd * w.odd; }
  U_INLINE vf result(Sum sum, const float*, float) { return sum; }
};
struct Int8 {
  typedef vi Sum;
  typedef DotFactor Factor;
  typedef vi Weight;
  static constexpr int WORDS = 1;
  U_INLINE Factor factor(const int32_t* x) { return dot_factor(splat_int(*x)); }
  U_INLINE Weight weight(vi w) { return w; }
  U_INLINE Sum start(int32_t of_operand) { return splat_int(of_operand); }
  U_INLINE Sum multiply(Sum sum, const Factor& x, const Weight& w) { return dot4(sum, x, w); }
  // One scale after the other: their product alone might be infinite where the sum is 0.
  U_INLINE vf result(Sum sum, const float* w_scale, float x_scale) {
    return __builtin_convertvector(sum, vf) * load(w_scale) * splat(x_scale);
  }
};
#ifdef U_DOT_VNNI
struct Int8Vnni : Int8 {
  typedef MagnitudeFactor Factor;
  U_INLINE Factor factor(const int32_t* x) { return magnitude_factor(splat_int(*x)); }
  U_INLINE Sum multiply(Sum sum, const Factor& x, const Weight& w) { return vnni_dot4(sum, x, w); }
};
#endif

// Rows of a tile of four vectors; a single row takes two panels instead, or it would wait for its own additions.
#if U_LANES == 16 || defined(__aarch64__)
constexpr int QUANTIZED_ROWS = 4;
#else
constexpr int QUANTIZED_ROWS = 2;
#endif
constexpr int QUANTIZED_VECTORS = 4;

struct QuantizedTile {
  Operand x;  // from the tile's first row on
  const int32_t* panel;
  ptrdiff_t next_panel;
  int groups;
};

// out[ROWS][PANELS][VECTORS][LANES] = x w. Every sum runs over the depth in one order, whatever the tile: a row's
// result does not depend on its batch.
template <class Format, int ROWS, int VECTORS, int PANELS>
static __attribute__((noinline)) void quantized_tile(float* out, const QuantizedTile& t) {
  constexpr int WIDTH = PANELS * VECTORS;
  typename Format::Sum sum[ROWS][WIDTH];
  U_UNROLL for (int r = 0; r < ROWS; r++) {
    U_UNROLL for (int v = 0; v < WIDTH; v++) sum[r][v] = Format::start(t.x.start[r]);
  }
  const int32_t* x = t.x.words;
  const float* w = (const float*)t.panel;
  const ptrdiff_t x_row = t.x.row, next_panel = t.next_panel;
  for (int g = 0; g < t.groups; g++, w += VECTORS * LANES, x += Format::WORDS) {
    typename Format::Factor factor[ROWS];
    U_UNROLL for (int r = 0; r < ROWS; r++) factor[r] = Format::factor(x + r * x_row);
    U_UNROLL for (int v = 0; v < WIDTH; v++) {
      const float* at = w + v / VECTORS * next_panel + v % VECTORS * LANES;
      const typename Format::Weight weight = Format::weight(bits_of(load(at)));
      U_UNROLL for (int r = 0; r < ROWS; r++) sum[r][v] = Format::multiply(sum[r][v], factor[r], weight);
    }
  }
  U_UNROLL for (int r = 0; r < ROWS; r++) {
    U_UNROLL for (int v = 0; v < WIDTH; v++) {
      const float* w_scale = w + v / VECTORS * next_panel + v % VECTORS * LANES;
      store(out + (r * WIDTH + v) * LANES, Format::result(sum[r][v], w_scale, t.x.scale[r]));
    }
  }
}

template <class Format, int ROWS = QUANTIZED_ROWS, int VECTORS = QUANTIZED_VECTORS>
static void run_quantized_tile(float* out, const QuantizedTile& t, int rows, int vectors, int panels) {
  if (vectors < VECTORS) {
    if constexpr (VECTORS > 1) run_quantized_tile<Format, ROWS, VECTORS - 1>(out, t, rows, vectors, panels);
  } else if (rows < ROWS) {
    if constexpr (ROWS > 1) run_quantized_tile<Format, ROWS - 1, VECTORS>(out, t, rows, vectors, panels);
  } else if (ROWS == 1 && panels == 2) {
    quantized_tile<Format, 1, VECTORS, 2>(out, t);
  } else {
    quantized_tile<Format, ROWS, VECTORS, 1>(out, t);
  }
}

// ---- the product ----------------------------------------------------------------------------------------------------

// Calls epilogue.apply(tile) for every tile of the given panels of x w, x having `rows` rows from `low` on;
// rows of the tile count from there.
template <class Format, class Epilogue>
static void product_of_format(const Epilogue& epilogue, const Operand& x, int low, int rows, const QuantizedPanels& w,
                              Span span) {
  static_assert(QUANTIZED_ROWS >= 2, "a row over two panels needs the room of two rows");
  alignas(64) float sum[QUANTIZED_ROWS * QUANTIZED_VECTORS * LANES];
  const int whole = w.units / LANES / w.most_blocks();  // panels of full width
  for (int left = span.last - span.first, panels; left > 0; left -= panels) {
    const Span now = next_panels(span, left, rows == 1 ? 2 : 1, whole);
    const int panel = now.first;
    panels = now.last - now.first;
    const int blocks = w.blocks(panel);
    for (int row = 0, take; row < rows; row += take) {
      take = rows - row < QUANTIZED_ROWS ? rows - row : QUANTIZED_ROWS;
      const QuantizedTile tile = {x.from(low + row), w.words + panel * w.panel_words(), (ptrdiff_t)w.panel_words(),
                                  w.groups()};
      run_quantized_tile<Format>(sum, tile, take, blocks * w.gates, panels);
      epilogue.apply(StepTile{sum, row, take, panel * w.most_blocks(), panels * blocks});
    }
  }
}

template <class Epilogue>
static void quantized_product(const Epilogue& epilogue, const Operand& x, int low, int rows, const QuantizedPanels& w,
                              Span span) {
  if (w.precision == U_BF16) return product_of_format<Bf16>(epilogue, x, low, rows, w, span);
#ifdef U_DOT_VNNI
  if (has_vnni()) return product_of_format<Int8Vnni>(epilogue, x, low, rows, w, span);
#endif
  product_of_format<Int8>(epilogue, x, low, rows, w, span);
}
