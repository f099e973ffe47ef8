// pooling-inl.h: the largest under each window.

// Whether each of `out` windows covers something of n elements.
static bool windows_fit(int n, int out, int kernel, int stride, int before) {
  return n > 0 && stride > 0 && before >= 0 && kernel > before && (out - 1.0) * stride - before < n;
}

// For windows low to high: x[j * stride], which stands at `at` + j * stride, where it is larger. A function of its own,
// for what it is given does not overlap and does not change: only so does a compiler make lanes of it.
static void keep_larger(float* __restrict most, int32_t* __restrict place, const float* __restrict x, int32_t at,
                        ptrdiff_t stride, ptrdiff_t low, ptrdiff_t high) {
  for (ptrdiff_t j = low; j < high; j++) {
    const float value = x[j * stride], so_far = most[j];
    const int32_t there = at + (int32_t)(j * stride), before = place[j];
    const bool more = (value > so_far) | ((value != value) & (so_far == so_far));
    most[j] = more ? value : so_far;
    place[j] = more ? there : before;
  }
}

// Element by element of the windows, a row of windows at a time: which of a window's elements is the largest nothing
// predicts, so that no jump may hang on it, and side by side they are lanes of a vector.
U_KERNEL(max_pool_forward)
(u_ctx* ctx, float* y, int32_t* winner, const float* x, int32_t planes, int32_t h, int32_t w, int32_t oh, int32_t ow,
 int32_t kh, int32_t kw, int32_t sh, int32_t sw, int32_t ph, int32_t pw) {
  if (!sizes_fit(planes, h, w) || !sizes_fit(planes, oh, ow) || (double)h * w > INT32_MAX) return U_ERR_SIZE;
  if (!windows_fit(h, oh, kh, sh, ph) || !windows_fit(w, ow, kw, sw, pw)) return U_ERR_SIZE;
  in_ranges(ctx, (ptrdiff_t)planes * oh, (double)planes * oh * ow * kh * kw, [&](ptrdiff_t begin, ptrdiff_t end) {
    for (ptrdiff_t k = begin; k < end; k++) {
      const float* plane = x + k / oh * h * w;
      float* most = y + k * ow;
      int32_t* place = winner + k * ow;
      const int top = (int)(k % oh) * sh - ph, first = top > 0 ? top : 0;
      for (int j = 0; j < ow; j++) {
        const int left = j * sw - pw;
        place[j] = first * w + (left > 0 ? left : 0);
        most[j] = plane[place[j]];
      }
      for (int row = first; row < least(h, top + kh); row++)
        for (int l = 0; l < kw; l++) {
          // The windows whose l-th element is inside.
          const int before = pw - l, after = w - 1 + before;
          const int low = before > 0 ? (before + sw - 1) / sw : 0, high = after < 0 ? 0 : least(ow, after / sw + 1);
          const int32_t at = row * w - before;
          keep_larger(most, place, plane + at, at, sw, low, high);
        }
    }
  });
  return U_OK;
}
