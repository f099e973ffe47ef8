// shape-inl.h: expand and its adjoint, transpose, slices and their parts, gather and its adjoint, the largest under
// windows.

U_KERNEL(expand)(u_ctx* ctx, float* y, const float* x, int32_t outer, int32_t mid, int32_t inner) {
  if (!sizes_fit(outer, mid, inner)) return U_ERR_SIZE;
  in_ranges(ctx, outer, (double)outer * mid * inner, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t o = begin; o < end; o++) {
      float* to = y + o * mid * inner;
      if (inner == 1) {
        const vf v = splat(x[o]);
        each_vector(0, mid, [&](ptrdiff_t k, auto at) { at.put(to + k, v); });
      } else {
        for (ptrdiff_t m = 0; m < mid; m++) copy(to + m * inner, x + o * inner, inner);
      }
    }
  });
  return U_OK;
}

U_KERNEL(reduce_sum)(u_ctx* ctx, float* y, const float* x, int32_t outer, int32_t mid, int32_t inner, double scale) {
  if (!sizes_fit(outer, mid, inner)) return U_ERR_SIZE;
  const float factor = (float)scale;
  if (inner == 1) {
    in_ranges(ctx, outer, (double)outer * mid, [&](ptrdiff_t begin, ptrdiff_t end) {
      for (ptrdiff_t o = begin; o < end; o++) y[o] = factor * pairwise_sum(x + o * mid, mid);
    });
    return U_OK;
  }
  for (ptrdiff_t o = 0; o < outer; o++) {
    const float* from = x + o * mid * inner;
    column_sums(
        ctx, mid, inner, [&](ptrdiff_t m, ptrdiff_t i, auto get) { return get(from + m * inner + i); },
        [&](ptrdiff_t i, auto at, vf sum) { at.put(y + o * inner + i, splat(factor) * sum); });
  }
  return U_OK;
}

// to[c, r] = from[r, c], blocks of LANES x LANES in registers.
static void transpose_matrix(float* to, ptrdiff_t to_row, const float* from, ptrdiff_t from_row, int rows, int cols) {
  for (int r = 0; r < rows; r += LANES)
    for (int c = 0; c < cols; c += LANES) {
      const int height = least(LANES, rows - r), width = least(LANES, cols - c);
      const float* source = from + r * from_row + c;
      float* target = to + c * to_row + r;
      vf v[LANES];
      if (height == LANES && width == LANES) {
        U_UNROLL for (int k = 0; k < LANES; k++) v[k] = load(source + k * from_row);
        transpose_lanes(v);
        U_UNROLL for (int k = 0; k < LANES; k++) store(target + k * to_row, v[k]);
      } else {
        for (int k = 0; k < height; k++)
          for (int l = 0; l < width; l++) target[l * to_row + k] = source[k * from_row + l];
      }
    }
}

U_KERNEL(transpose)
(u_ctx* ctx, float* y, const float* x, int32_t outer, int32_t a, int32_t mid, int32_t b, int32_t inner) {
  if (!sizes_fit(outer, a, mid, b, inner)) return U_ERR_SIZE;
  const ptrdiff_t x_row = (ptrdiff_t)mid * b * inner, y_row = (ptrdiff_t)mid * a * inner;
  const double work = (double)outer * a * mid * b * inner;
  in_ranges(ctx, (ptrdiff_t)outer * mid, work, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t k = begin; k < end; k++) {
      const ptrdiff_t o = k / mid, m = k % mid;
      const float* from = x + o * a * x_row + m * b * inner;
      float* to = y + o * b * y_row + m * a * inner;
      if (inner == 1) {
        transpose_matrix(to, y_row, from, x_row, a, b);
      } else {
        for (ptrdiff_t q = 0; q < b; q++)
          for (ptrdiff_t p = 0; p < a; p++) copy(to + q * y_row + p * inner, from + p * x_row + q * inner, inner);
      }
    }
  });
  return U_OK;
}

static int32_t check_part(int32_t outer, int32_t n, int32_t inner, int32_t start, int32_t count) {
  if (!sizes_fit(outer, n, inner) || !sizes_fit(outer, count, inner)) return U_ERR_SIZE;
  return start < 0 || (int64_t)start + count > n ? U_ERR_INDEX : U_OK;
}

U_KERNEL(slice_forward)
(u_ctx* ctx, float* y, const float* x, int32_t outer, int32_t n, int32_t inner, int32_t start, int32_t count) {
  if (const int32_t error = check_part(outer, n, inner, start, count)) return error;
  const ptrdiff_t part = (ptrdiff_t)count * inner;
  in_ranges(ctx, outer, (double)outer * part, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t o = begin; o < end; o++) copy(y + o * part, x + (o * n + start) * inner, part);
  });
  return U_OK;
}

U_KERNEL(slice_backward)
(u_ctx* ctx, float* dx, const float* dy, int32_t outer, int32_t n, int32_t inner, int32_t start, int32_t count) {
  if (const int32_t error = check_part(outer, n, inner, start, count)) return error;
  const ptrdiff_t part = (ptrdiff_t)count * inner;
  in_ranges(ctx, outer, (double)outer * part, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t o = begin; o < end; o++) {
      float* to = dx + (o * n + start) * inner;
      map(to, to, dy + o * part, part, [&](vf p, vf q) { return p + q; });
    }
  });
  return U_OK;
}

U_KERNEL(place)
(u_ctx* ctx, float* y, const float* x, int32_t outer, int32_t n, int32_t inner, int32_t start, int32_t count) {
  if (const int32_t error = check_part(outer, n, inner, start, count)) return error;
  const ptrdiff_t part = (ptrdiff_t)count * inner;
  in_ranges(ctx, outer, (double)outer * part, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t o = begin; o < end; o++) copy(y + (o * n + start) * inner, x + o * part, part);
  });
  return U_OK;
}

U_KERNEL(gather_forward)
(u_ctx* ctx, float* y, const float* x, const int32_t* index, int32_t outer, int32_t n, int32_t m, int32_t inner) {
  if (!sizes_fit(outer, n, inner) || !sizes_fit(outer, m, inner)) return U_ERR_SIZE;
  const ptrdiff_t part = (ptrdiff_t)m * inner;
  if (!indices_fit(index, outer * part, n)) return U_ERR_INDEX;
  in_ranges(ctx, outer, (double)outer * part, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t o = begin; o < end; o++)
      for (ptrdiff_t k = 0; k < m; k++)
        for (ptrdiff_t i = 0; i < inner; i++) {
          const ptrdiff_t at = o * part + k * inner + i;
          y[at] = x[(o * n + index[at]) * inner + i];
        }
  });
  return U_OK;
}

U_KERNEL(gather_backward)
(u_ctx* ctx, float* dx, const float* dy, const int32_t* index, int32_t outer, int32_t n, int32_t m, int32_t inner) {
  if (!sizes_fit(outer, n, inner) || !sizes_fit(outer, m, inner)) return U_ERR_SIZE;
  const ptrdiff_t part = (ptrdiff_t)m * inner;
  if (!indices_fit(index, outer * part, n)) return U_ERR_INDEX;
  in_ranges(ctx, outer, (double)outer * part, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t o = begin; o < end; o++)
      for (ptrdiff_t k = 0; k < m; k++)
        for (ptrdiff_t i = 0; i < inner; i++) {
          const ptrdiff_t at = o * part + k * inner + i;
          dx[(o * n + index[at]) * inner + i] += dy[at];
        }
  });
  return U_OK;
}
