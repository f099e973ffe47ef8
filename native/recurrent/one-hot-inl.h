// one-hot-inl.h: input that is 1 in one place and 0 elsewhere, given by where the 1 is. The product W_ih x is then a
// column of W_ih, read from the packed weights where it lies in one piece a panel; its gradient goes to one column.

static int check_ids(const Shape& shape, const int32_t* lengths, const int32_t* ids) {
  if (!shape.one_hot) return U_OK;
  for (int b = 0; b < shape.B; b++) {
    const int steps = lengths ? lengths[b] : shape.T;
    for (int t = 0; t < steps; t++) {
      const int32_t id = ids[(int64_t)t * shape.B + b];
      if (id < 0 || id >= shape.I) return U_ERR_INDEX;
    }
  }
  return U_OK;
}

// The ids of a chunk's rows, in the order of the places.
struct ChunkIds {
  const int32_t *ids, *source;  // source: null unless ragged
  int64_t first;
  int32_t at(int row) const { return ids[source ? source[first + row] : first + row]; }
};
static ChunkIds chunk_of_ids(const Sequence& q, int d, const Chunk& chunk, const int32_t* ids) {
  return {ids, q.shape.ragged() ? q.source[d] : nullptr, first_place(q, d, chunk)};
}

// gx = the ids' columns of W_ih + b_ih. w: packed by pack_gates, panels [I][NR].
static void one_hot_rows(u_ctx* ctx, const GemmOut& gx, const ChunkIds& ids, const float* w, int rows, int columns,
                         int I) {
  in_ranges(ctx, rows, (double)rows * columns, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (int r = (int)begin; r < end; r++) {
      float* to = gx.c + r * gx.ldc;
      const ptrdiff_t id = ids.at(r);
      for (int panel = 0; panel < columns; panel += NR) {
        const int width = least(NR, columns - panel);
        const float* from = w + (ptrdiff_t)panel * I + id * width;
        for (int k = 0; k < width; k += LANES)
          store(to + panel + k, load(from + k) + (gx.bias ? load(gx.bias + panel + k) : zero()));
      }
    }
  });
}

// forward was: gx = the ids' columns of W_ih.  dw[id] += dgx. Each thread has columns of its own and takes the rows in
// their order: the bits do not hang on how many threads there are.
static void add_one_hot(u_ctx* ctx, float* dw, const ChunkIds& ids, const float* dgx, ptrdiff_t record, int rows,
                        int columns) {
  in_ranges(ctx, columns / LANES, (double)rows * columns, [&](ptrdiff_t begin, ptrdiff_t end) {
    const int from = (int)begin * LANES, to = (int)end * LANES;
    for (int r = 0; r < rows; r++) {
      float* sum = dw + (ptrdiff_t)ids.at(r) * columns;
      const float* row = dgx + r * record;
      for (int k = from; k < to; k += LANES) store(sum + k, load(sum + k) + load(row + k));
    }
  });
}

// dW_ih [gates*H,I] += dw^T, its rows in the weights' order; -1: padding.
static void finish_one_hot(u_ctx* ctx, float* dw_ih, const float* dw, const int32_t* weight_row, int columns, int I) {
  in_ranges(ctx, columns, (double)columns * I, [&](ptrdiff_t begin, ptrdiff_t end) {
    // A few ids at a time: what one column reads of a line of dw, the next ones read again.
    constexpr int STRIP = 64;
    for (int first = 0; first < I; first += STRIP) {
      const int last = least(I, first + STRIP);
      for (ptrdiff_t column = begin; column < end; column++) {
        if (weight_row[column] < 0) continue;
        float* to = dw_ih + (ptrdiff_t)weight_row[column] * I;
        for (int id = first; id < last; id++) to[id] += dw[(ptrdiff_t)id * columns + column];
      }
    }
  });
}
