// math-inl.h: exp, log, tanh, sigmoid over the lane type: branch-free, the same source on every instruction set.
// native/test/check.cc measures the stated errors over millions of floats of the whole range, with and without FMA.

U_INLINE vi bits_of(vf x) { return (vi)x; }
U_INLINE vf float_of(vi x) { return (vf)x; }
U_INLINE vf vabs(vf x) { return float_of(bits_of(x) & splat_int(0x7fffffff)); }
// -1, 0 or 1; NaN stays NaN.
U_INLINE vf sign(vf x) { return select(x > zero(), splat(1.0f), select(x < zero(), splat(-1.0f), x)); }
// Correctly rounded; NaN below 0. Written lane by lane: compilers make one instruction of it (with -fno-math-errno).
U_INLINE vf vsqrt(vf x) {
  vf y;
  for (int k = 0; k < LANES; k++) y[k] = __builtin_sqrtf(x[k]);
  return y;
}
U_INLINE vf copy_sign(vf magnitude, vf sign) {
  return float_of(bits_of(magnitude) | (bits_of(sign) & splat_int(INT32_MIN)));
}

// e^x = 2^n (1 + q), q = e^r - 1, |r| <= ln 2 / 2. Adding 1.5 * 2^23 rounds to an integer and leaves n in the low bits
// of the sum; shifted to where a float has its exponent, they are what 2^n adds to a float's bits.
struct ExpParts {
  vf q;
  vi n, exponent;
};
U_INLINE ExpParts exp_parts(vf x) {
  const vf shift = splat(12582912.0f);
  const vf shifted = x * splat(1.44269504088896341f) + shift;
  const vf n = shifted - shift;
  // ln 2 in two parts: the first has 9 bits, so that n times it is exact.
  const vf r = (x - n * splat(0.693359375f)) + n * splat(2.12194440e-4f);
  // Pairs of terms by themselves first: nothing waits for the one before it longer than it must.
  const vf rr = r * r;
  const vf high = splat(1.9875691500e-4f) * r + splat(1.3981999507e-3f);
  const vf middle = splat(8.3334519073e-3f) * r + splat(4.1665795894e-2f);
  const vf low = splat(1.6666665459e-1f) * r + splat(5.0000001201e-1f);
  const vf p = (high * rr + middle) * rr + low;
  return {p * rr + r, bits_of(shifted) - bits_of(shift), bits_of(shifted) << 23};
}
// x 2^n, where both are normal floats.
U_INLINE vf times_power_of_two(vf x, vi exponent) { return float_of(bits_of(x) + exponent); }
U_INLINE vf power_of_two(vi n) { return float_of((n + splat_int(127)) << 23); }

// e^x for x in [-104, 0]: results below the normal range are rounded, not dropped. Two factors, as 2^-149 is no normal
// float.
U_INLINE vf exp_negative(vf x) {
  const ExpParts e = exp_parts(x);
  const vi half = e.n >> 1;
  return (e.q + splat(1.0f)) * power_of_two(half) * power_of_two(e.n - half);
}

// e^x. Max error 2 ulp where the result is normal; 0 below, inf above; NaN stays NaN.
U_INLINE vf vexp(vf x) {
  const vf bounded = vmin(splat(89.0f), vmax(splat(-88.0f), x));
  const ExpParts e = exp_parts(bounded);
  const vi half = e.n >> 1;
  const vf y = (e.q + splat(1.0f)) * power_of_two(half) * power_of_two(e.n - half);
  return select(x < splat(-87.3365402f), zero(), y);
}

// Natural logarithm. Max error 2 ulp on positive floats, subnormals included; log 0 = -inf, of negatives and NaN: NaN.
U_INLINE vf vlog(vf x) {
  const vi tiny = x < splat(1.17549435e-38f);
  const vf scaled = select(tiny, x * splat(8388608.0f), x);
  // x = 2^n m, sqrt(1/2) <= m < sqrt(2); 0x3f3504f3 is sqrt(1/2).
  const vi offset = bits_of(vabs(scaled)) - splat_int(0x3f3504f3);
  const vi exponent = (offset >> 23) - (tiny & splat_int(23));
  const vf m = float_of((offset & splat_int(0x007fffff)) + splat_int(0x3f3504f3));
  const vf n = __builtin_convertvector(exponent, vf);
  const vf f = m - splat(1.0f);
  vf p = splat(7.0376836292e-2f);
  p = p * f + splat(-1.1514610310e-1f);
  p = p * f + splat(1.1676998740e-1f);
  p = p * f + splat(-1.2420140846e-1f);
  p = p * f + splat(1.4249322787e-1f);
  p = p * f + splat(-1.6668057665e-1f);
  p = p * f + splat(2.0000714765e-1f);
  p = p * f + splat(-2.4999993993e-1f);
  p = p * f + splat(3.3333331174e-1f);
  const vf ff = f * f;
  vf y = p * f * ff + n * splat(-2.12194440e-4f);
  y = y - splat(0.5f) * ff;
  y = (f + y) + n * splat(0.693359375f);
  const vf infinity = splat(__builtin_inff());
  y = select(x == zero(), -infinity, y);
  y = select(x == infinity, infinity, y);
  return select(x >= zero(), y, splat(__builtin_nanf("")));
}

// log(1 + x) for x in [0, 1], to a few ulp: what rounding 1 + x lost is added back to first order.
U_INLINE vf vlog1p(vf x) {
  const vf u = splat(1.0f) + x;
  return vlog(u) + (x - (u - splat(1.0f))) / u;
}

// tanh x = sign(x) E / (E + 2), E = e^2|x| - 1 = 2^n q + (2^n - 1): near 0, where n = 0, E is q and nothing cancels.
// Max error 2.5 ulp on all finite inputs; +-1 from |x| = 9.02 on; NaN stays NaN.
U_INLINE vf vtanh(vf x) {
  const vf a = vabs(x);
  const ExpParts e = exp_parts(vmin(splat(20.0f), a + a));
  const vf scale = times_power_of_two(splat(1.0f), e.exponent);
  const vf minus_one = e.q * scale + (scale - splat(1.0f));
  return copy_sign(minus_one / (minus_one + splat(2.0f)), x);
}

// sigmoid x = 1 / (1 + t) for x >= 0, t / (1 + t) below, t = e^-|x|, which never overflows.
static __attribute__((noinline)) void far_sigmoid(float* x) {
  const vf one = splat(1.0f), v = load(x);
  const vf t = exp_negative(vmax(splat(-104.0f), -vabs(v)));
  store(x, select(v < zero(), t, one) / (one + t));
}
// sigmoid x = 1 / (1 + e^-x), where e^-x is a normal float.
// Max error 3 ulp on all finite inputs, subnormal results included; NaN stays NaN.
U_INLINE vf vsigmoid(vf x) {
  if (__builtin_expect(!all(vabs(x) < splat(87.0f)), 0)) {
    float lanes[LANES];
    store(lanes, x);
    far_sigmoid(lanes);
    return load(lanes);
  }
  const ExpParts e = exp_parts(-x);
  return splat(1.0f) / (splat(1.0f) + times_power_of_two(splat(1.0f) + e.q, e.exponent));
}
