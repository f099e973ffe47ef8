// gemm-inl.h: the matrix product: packed operands, a register tile, blocks that fit the caches.
//
//   for each block of K     KC of them at most: a fixed constant, so each element is summed in one fixed order
//     for each block of N   packed into panels [kc][NR]: a panel stays in L1 while the tiles of A pass by
//       for each block of M packed into tiles [kc][rows]: stays in L2
//         for each panel, each tile: TILE_ROWS x NR accumulators in registers, then into C
//
// An element of C is the sum over the blocks of K, in order, of each block's products summed in order from 0. Neither
// its place in a tile nor M, N or the threads enter, so a row's result does not depend on the batch it comes in.

#if U_LANES == 16
constexpr int TILE_ROWS = 14, TILE_VECTORS = 2;  // 28 of 32 registers accumulate
#elif U_LANES == 8
constexpr int TILE_ROWS = 6, TILE_VECTORS = 2;  // 12 of 16
#elif defined(__aarch64__)
constexpr int TILE_ROWS = 4, TILE_VECTORS = 4;  // 16 of 32
#else
constexpr int TILE_ROWS = 4, TILE_VECTORS = 2;  // 8 of 16; engines compile WASM well up to about 9
#endif
constexpr int NR = TILE_VECTORS * LANES;  // columns of a panel
constexpr int KC = 256;
constexpr int NC = 512;  // columns of a packed block of B
// Tiles of a packed block of A. CPUs with AVX-512 have at least a megabyte of second-level cache for it.
constexpr int TILES = (LANES == 16 ? 224 : 112) / TILE_ROWS;
constexpr int DIRECT_ROWS = 4;  // so few rows of A are read where they lie,
// and so is A^T for so few panels, which would not use it often enough once packed. (A narrower tile uses less of each
// line of A^T.)
constexpr int DIRECT_PANELS = LANES == 16 ? 16 : 8;
constexpr int PACK_A = TILES * (TILE_ROWS * KC + LANES);
// So many k before its end a tile fetches its part of C into the cache: what came earlier would have left L1 by then.
#ifdef __wasm__
constexpr int FETCH_C = 0;  // cannot be asked for
#else
constexpr int FETCH_C = 64;
#endif
static_assert(TILE_ROWS <= LANES && LANES <= KC && NC % NR == 0,
              "a tile is packed by one transposition of LANES vectors");
static_assert(PACK_A + NC * KC <= U_PACK_FLOATS, "the blocks must fit a thread's packing buffer");

U_INLINE int least(int a, int b) { return a < b ? a : b; }
U_INLINE int round_up(int n, int unit) { return (n + unit - 1) / unit * unit; }

// Lines of 16 floats that a loop asks the second-level cache for, one at each of its turns: asked for all at once, they
// would take what buffers there are for misses, and the loop would wait for the last of them.
struct Ahead {
  const float* next;
  ptrdiff_t step;

  Ahead(const float* first, int lines, int turns) : next(first), step((16 * lines + turns - 1) / turns) {}
  U_INLINE_METHOD void fetch() {
    __builtin_prefetch(next, 0, 2);
    next += step;
  }
};
// What one of `tiles` tiles fetches, in so many turns, of the `floats` that come next: its share, while all of them use
// what is `here`. With few tiles a share would be too much; nothing to fetch is the same line again and again.
static Ahead ahead_of_tile(int tile, int tiles, int turns, const float* here, const float* next, int floats) {
  if (tiles <= 2) return Ahead(here, 0, turns);
  const int lines = (floats / 16 + tiles - 1) / tiles;
  return Ahead(next + (ptrdiff_t)16 * lines * tile, lines, turns);
}

// ---- packing --------------------------------------------------------------------------------------------------------

// to[c * to_row + r] = from[r * from_row + c] for r < rows <= LANES, c < cols. Stores whole vectors: lanes from `rows`
// on are 0.
static void pack_transposed(float* to, ptrdiff_t to_row, const float* from, ptrdiff_t from_row, int rows, int cols) {
  for (int c = 0; c < cols; c += LANES) {
    const int width = least(LANES, cols - c);
    vf v[LANES];
    if (width == LANES && rows == LANES) {
      U_UNROLL for (int r = 0; r < LANES; r++) v[r] = load(from + r * from_row + c);
    } else {
      for (int r = 0; r < LANES; r++)
        v[r] = r >= rows        ? zero()
               : width == LANES ? load(from + r * from_row + c)
                                : load_n(from + r * from_row + c, width);
    }
    transpose_lanes(v);
    if (width == LANES) {
      U_UNROLL for (int k = 0; k < LANES; k++) store(to + (c + k) * to_row, v[k]);
    } else {
      for (int k = 0; k < width; k++) store(to + (c + k) * to_row, v[k]);
    }
  }
}

// Columns of B, as panels [K][NR] at to + panel * K * NR; the last is as narrow as whole vectors allow, with zeros on
// its right. Not less than a page's worth of a row at a time: a panel alone would read 2 lines of each page.
static void pack_columns(float* to, Strided b, int columns, int K) {
  constexpr int STRIP = 8 * NR;
  const int whole = columns / NR * NR;
  if (b.row != 1 && b.col == 1)
    for (int first = 0; first < whole; first += STRIP)
      for (int k = 0; k < K; k++)
        for (int n = first; n < least(first + STRIP, whole); n += NR)
          U_UNROLL for (int v = 0; v < TILE_VECTORS; v++)
              store(to + (ptrdiff_t)n * K + (ptrdiff_t)k * NR + v * LANES, load(b.p + k * b.row + n + v * LANES));
  for (int n = b.row != 1 && b.col == 1 ? whole : 0; n < columns; n += LANES) {
    const int panel = n / NR * NR, padded = round_up(least(NR, columns - panel), LANES),
              cols = least(LANES, columns - n);
    float* out = to + (ptrdiff_t)panel * K + (n - panel);
    const float* from = b.p + n * b.col;
    if (b.row == 1) {
      pack_transposed(out, padded, from, b.col, cols, K);
    } else {
      for (int k = 0; k < K; k++)
        for (int c = 0; c < LANES; c++) out[(ptrdiff_t)k * padded + c] = c < cols ? from[k * b.row + c * b.col] : 0.0f;
    }
  }
}

static size_t packed_floats(int K, int N) { return (size_t)K * (size_t)round_up(N, LANES); }
static void pack_b(float* packed, Strided b, int K, int N) { pack_columns(packed, b, N, K); }

// M rows cut into tiles of nearly equal height: 32 is 11 + 11 + 10, not 14 + 14 + 4, which would starve.
struct Tiling {
  int M, tiles;
  explicit Tiling(int rows) : M(rows), tiles((rows + TILE_ROWS - 1) / TILE_ROWS) {}
  int top(int tile) const { return (int)((int64_t)M * tile / tiles); }
  int height(int tile) const { return top(tile + 1) - top(tile); }
};
// Where tile i of a packed block is. The gaps between them take what whole-vector stores write past a tile's end.
U_INLINE ptrdiff_t tile_offset(const Tiling& t, int first, int i, int kc) {
  return (ptrdiff_t)(t.top(i) - t.top(first)) * kc + (i - first) * LANES;
}

// Tiles first..last-1 of A, each [kc][rows].
static void pack_tiles(float* to, Strided a, const Tiling& t, int first, int last, int kc) {
  if (a.col == 1) {
    for (int i = first; i < last; i++)
      pack_transposed(to + tile_offset(t, first, i, kc), t.height(i), a.p + t.top(i) * a.row, a.row, t.height(i), kc);
    return;
  }
  // A few rows of A^T at a time across all tiles: a tile ends inside a cache line that the next one reads on.
  constexpr int STRIP = 8;
  for (int strip = 0; strip < kc; strip += STRIP)
    for (int i = first; i < last; i++) {
      const int rows = t.height(i), end = least(strip + STRIP, kc);
      const bool whole = a.row == 1 && t.top(i) + LANES <= t.M;
      float* out = to + tile_offset(t, first, i, kc);
      const float* from = a.p + t.top(i) * a.row;
      for (int k = strip; k < end; k++) {
        if (whole) {
          // Rows are pages apart: no hardware fetches ahead.
          __builtin_prefetch(from + least(k + STRIP, kc - 1) * a.col);
          store(out + k * rows, load(from + k * a.col));
        } else {
          for (int r = 0; r < rows; r++) out[k * rows + r] = from[r * a.row + k * a.col];
        }
      }
    }
}

// ---- one tile -------------------------------------------------------------------------------------------------------

struct Tile {
  Strided a;       // at the tile's first row and the block's first k
  const float* b;  // element (k, panel p, column c) is b[k * b_row + p * b_panel + c]
  ptrdiff_t b_row, b_panel;
  int kc;
  GemmOut out;
  int row, col, cols;  // where in C; cols of the last panel may be fewer than the tile's
  Ahead ahead;         // of the panel that comes next
};

// C's part of a tile at C's right edge, where the last vector may be cut off.
static void store_edge(const Tile& t, float* const* c, const vf* sums, int rows, int vectors) {
  for (int v = 0; v < vectors; v++) {
    const int n = v * LANES, rest = least(LANES, t.cols - n);
    if (rest <= 0) return;
    const vf bias = t.out.bias ? load_up_to(t.out.bias + t.col + n, rest) : zero();
    for (int m = 0; m < rows; m++) {
      vf sum = sums[m * vectors + v] + bias;
      if (t.out.accumulate) sum += load_up_to(c[m] + n, rest);
      store_up_to(c[m] + n, sum, rest);
    }
  }
}

// ROWS x (PANELS * VECTORS) vectors of accumulators. PACKED: the rows of A lie side by side, in a packed tile or
// because A is read as A^T. One row alone would wait for its own additions, so one or two rows take several panels at
// once. Not inlined: each form gets all the registers.
template <int ROWS, int VECTORS, int PANELS, bool PACKED>
static __attribute__((noinline)) void tile(const Tile& t) {
  constexpr int WIDTH = PANELS * VECTORS;
  alignas(64) float dropped[WIDTH * LANES];  // where rows go that the map drops
  float* c[ROWS];
  if (t.out.row_map) {
    const int32_t* row = t.out.row_map + t.row;
    U_UNROLL for (int m = 0; m < ROWS; m++) c[m] = row[m] < 0 ? dropped : t.out.c + row[m] * t.out.ldc + t.col;
  } else {
    c[0] = t.out.c + t.row * t.out.ldc + t.col;
    U_UNROLL for (int m = 1; m < ROWS; m++) c[m] = c[m - 1] + t.out.ldc;
  }

  vf sum[ROWS][WIDTH];
  U_UNROLL for (int m = 0; m < ROWS; m++) U_UNROLL for (int v = 0; v < WIDTH; v++) sum[m][v] = zero();
  const float* a = t.a.p;
  const float* b = t.b;
  const ptrdiff_t a_row = PACKED ? 1 : t.a.row, a_col = t.a.col, b_row = t.b_row, b_panel = t.b_panel;
  Ahead ahead = t.ahead;
  int k = t.kc;
  do {
    const int end = k > FETCH_C ? FETCH_C : 0;
    if (FETCH_C && end == 0)  // rows of C are far apart, and no hardware fetches them
      U_UNROLL for (int m = 0; m < ROWS; m++) U_UNROLL for (int v = 0; v < WIDTH; v++)
          __builtin_prefetch(c[m] + v * LANES, 1);
    for (; k > end; k--) {
      if (PACKED) ahead.fetch();
      vf right[WIDTH];
      U_UNROLL for (int v = 0; v < WIDTH; v++) right[v] = load(b + v / VECTORS * b_panel + v % VECTORS * LANES);
      U_UNROLL for (int m = 0; m < ROWS; m++) {
        const vf left = splat(a[m * a_row]);
        U_UNROLL for (int v = 0; v < WIDTH; v++) sum[m][v] += left * right[v];
      }
      a += a_col;
      b += b_row;
    }
  } while (FETCH_C > 0 && k > 0);

  if (t.cols < WIDTH * LANES) {
    vf sums[ROWS * WIDTH];  // a copy: indexing `sum` at run time would put it into memory for the loop above too
    U_UNROLL for (int m = 0; m < ROWS; m++) U_UNROLL for (int v = 0; v < WIDTH; v++) sums[m * WIDTH + v] = sum[m][v];
    return store_edge(t, c, sums, ROWS, WIDTH);
  }
  if (t.out.bias) {
    U_UNROLL for (int v = 0; v < WIDTH; v++) {
      const vf bias = load(t.out.bias + t.col + v * LANES);
      U_UNROLL for (int m = 0; m < ROWS; m++) sum[m][v] += bias;
    }
  }
  if (t.out.accumulate) {
    U_UNROLL for (int m = 0; m < ROWS; m++) U_UNROLL for (int v = 0; v < WIDTH; v++) sum[m][v] +=
        load(c[m] + v * LANES);
  }
  U_UNROLL for (int m = 0; m < ROWS; m++) U_UNROLL for (int v = 0; v < WIDTH; v++) store(c[m] + v * LANES, sum[m][v]);
}

// The forms of a tile with MOST rows at the most: of[rows - 1].
typedef void (*TileForm)(const Tile&);
template <int VECTORS, int PANELS, bool PACKED, int MOST, int... ROWS>
struct TileForms : TileForms<VECTORS, PANELS, PACKED, MOST - 1, MOST, ROWS...> {};
template <int VECTORS, int PANELS, bool PACKED, int... ROWS>
struct TileForms<VECTORS, PANELS, PACKED, 0, ROWS...> {
  static constexpr TileForm of[] = {tile<ROWS, VECTORS, PANELS, PACKED>...};
};

// vectors: of one panel. Nearly all time passes in the full form, which is called by name; the others by pointer, so
// that an engine compiles of WASM what a product needs, and not all of them for the first.
template <int VECTORS = TILE_VECTORS>
static void run_tile(const Tile& t, int rows, int vectors, int panels, bool packed) {
  constexpr bool FULL = VECTORS == TILE_VECTORS;
  if (vectors != VECTORS) {
    if constexpr (VECTORS > 1) run_tile<VECTORS - 1>(t, rows, vectors, panels, packed);
  } else if (packed) {
    if (FULL && rows == TILE_ROWS) return tile<TILE_ROWS, VECTORS, 1, true>(t);
    TileForms<VECTORS, 1, true, FULL ? TILE_ROWS - 1 : TILE_ROWS>::of[rows - 1](t);
  } else if (panels == 1) {
    TileForms<VECTORS, 1, false, DIRECT_ROWS>::of[rows - 1](t);
  } else if constexpr (FULL) {
    if (panels == 2) TileForms<VECTORS, 2, false, 2>::of[rows - 1](t);
    if (panels == 4) tile<1, VECTORS, 4, false>(t);
  }
}

// ---- one thread's part ----------------------------------------------------------------------------------------------

struct Product {
  GemmOut out;
  Strided a, b;
  const float* packed;  // B packed beforehand, or null and b is read
  int K, N;             // of the whole product
};

// Columns n0..n1-1 of C, all M rows; n0 is a multiple of NR.
static void product_part(const Product& p, float* pack, int M, int n0, int n1) {
  const Tiling t(M);
  const bool direct_a = M <= DIRECT_ROWS, transposed_a = !direct_a && p.a.row == 1 && n1 - n0 <= DIRECT_PANELS * NR;
  const bool direct_b = !p.packed && t.tiles == 1 && p.b.col == 1;
  const int panels_at_once = M == 1 ? 4 : M == 2 ? 2 : 1;
  const int block = p.packed ? n1 - n0 : t.tiles == 1 ? 4 * NR : NC;
  float* const a_block = pack;
  float* const b_block = pack + PACK_A;

  for (int k = 0; k < p.K; k += KC) {
    Tile tile{{}, nullptr, 0, 0, least(KC, p.K - k), p.out, 0, 0, 0, Ahead{nullptr, 0, 1}};
    if (k > 0) {
      tile.out.accumulate = true;
      tile.out.bias = nullptr;
    }
    const Strided a{p.a.p + k * p.a.col, p.a.row, p.a.col};
    for (int nb = n0; nb < n1; nb += block) {
      const int n_end = least(nb + block, n1);
      // Read where it lies, except for columns that do not fill a vector.
      const int direct_end = direct_b ? nb + (n_end - nb) / NR * NR : nb;
      if (!p.packed && direct_end < n_end)
        pack_columns(b_block, {p.b.p + k * p.b.row + direct_end * p.b.col, p.b.row, p.b.col}, n_end - direct_end,
                     tile.kc);
      for (int first = 0; first < t.tiles; first += TILES) {
        const int last = least(first + TILES, t.tiles);
        if (!direct_a && !transposed_a) pack_tiles(a_block, a, t, first, last, tile.kc);
        for (int n = nb; n < n_end; n += tile.cols) {
          const int panels = n_end - n >= panels_at_once * NR ? panels_at_once : 1;
          const int padded = round_up(least(NR, n_end - n), LANES);
          tile.col = n;
          tile.cols = least(panels * NR, n_end - n);
          if (n < direct_end) {
            tile.b = p.b.p + k * p.b.row + n;
            tile.b_row = p.b.row;
            tile.b_panel = NR;
          } else {
            const int depth = p.packed ? p.K : tile.kc;
            tile.b = p.packed ? p.packed + (ptrdiff_t)n * depth + (ptrdiff_t)k * padded
                              : b_block + (ptrdiff_t)(n - direct_end) * depth;
            tile.b_row = padded;
            tile.b_panel = (ptrdiff_t)NR * depth;
          }
          // Packed weights come from far away; a block of B has just been packed.
          const int tiles = p.packed ? last - first : 0;
          const float* next = tile.b + panels * tile.b_panel;
          for (int i = first; i < last; i++) {
            const int rows = t.height(i);
            tile.row = t.top(i);
            tile.ahead = ahead_of_tile(i - first, tiles, tile.kc, tile.b, next, panels * NR * tile.kc);
            tile.a = direct_a || transposed_a ? Strided{a.p + tile.row * a.row, a.row, a.col}
                                              : Strided{a_block + tile_offset(t, first, i, tile.kc), 1, rows};
            run_tile(tile, rows, padded / LANES, panels, !direct_a);
          }
        }
      }
    }
  }
}

// K = 0: the sum is empty.
static void store_empty(const GemmOut& out, int M, int N) {
  for (int m = 0; m < M; m++) {
    const int row = out.row_map ? out.row_map[m] : m;
    if (row < 0) continue;
    for (int n = 0; n < N; n++) {
      float* c = out.c + row * out.ldc + n;
      *c = (out.bias ? out.bias[n] : 0.0f) + (out.accumulate ? *c : 0.0f);
    }
  }
}

// ---- threads --------------------------------------------------------------------------------------------------------

// The same product over rows m0.. of A and C.
static Product from_row(const Product& p, int m0) {
  Product part = p;
  part.a.p += m0 * p.a.row;
  if (p.out.row_map) {
    part.out.row_map += m0;
  } else {
    part.out.c += m0 * p.out.ldc;
  }
  return part;
}

static void product(u_ctx* ctx, const Product& p, int M, int thread) {
  if (M <= 0 || p.N <= 0) return;
  if (p.K <= 0) return store_empty(p.out, M, p.N);
  const int panels = (p.N + NR - 1) / NR;
  const auto part = [&](ptrdiff_t top, ptrdiff_t bottom, ptrdiff_t left, ptrdiff_t right, int by) {
    product_part(from_row(p, (int)top), ctx->pack + (size_t)by * ctx->pack_floats, (int)(bottom - top), NR * (int)left,
                 least(p.N, NR * (int)right));
  };
  // Below about 5 us of work a second thread does not come in time.
  const int threads = MANY_THREADS && thread == ALL_THREADS && (double)M * p.N * p.K > 300e3 ? ctx->threads : 1;
  if (threads == 1) return part(0, M, 0, panels, thread == ALL_THREADS ? 0 : thread);
  // Each part packs its own rows of A and columns of B: of the splits into one part a thread, the one that packs least.
  int down = 1, across = threads;
  double least_packed = 1e300;
  for (int rows = 1; rows <= threads; rows++) {
    if (threads % rows) continue;
    const int columns = threads / rows;
    const double packed = (double)((M + rows - 1) / rows) + round_up(p.N, NR * columns) / columns;
    if (packed < least_packed) least_packed = packed, down = rows, across = columns;
  }
  if (down == 1) {
    in_shares(ctx, shares_of(ctx, panels),
              [&](ptrdiff_t left, ptrdiff_t right, int by) { part(0, M, left, right, by); });
  } else if (across == 1) {
    in_shares(ctx, shares_of(ctx, M),
              [&](ptrdiff_t top, ptrdiff_t bottom, int by) { part(top, bottom, 0, panels, by); });
  } else {
    in_parts(ctx, threads, [&](int k, int by) {
      const auto cut = [](int n, int parts, int i) { return (ptrdiff_t)n * i / parts; };
      const int i = k / across, j = k % across;
      part(cut(M, down, i), cut(M, down, i + 1), cut(panels, across, j), cut(panels, across, j + 1), by);
    });
  }
}

static void gemm(u_ctx* ctx, GemmOut out, Strided a, Strided b, int M, int N, int K, int thread) {
  product(ctx, {out, a, b, nullptr, K, N}, M, thread);
}

static void gemm_packed(u_ctx* ctx, GemmOut out, Strided a, const float* packed, int M, int N, int K, int thread) {
  product(ctx, {out, a, {}, packed, K, N}, M, thread);
}
