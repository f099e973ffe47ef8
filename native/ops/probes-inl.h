// probes-inl.h: the multiply-add peak of one thread.

U_KERNEL(fma_peak)(u_ctx*, double* flops, int32_t rounds) {
  if (rounds < 0) return U_ERR_SIZE;
  // Enough independent chains to hide the latency of a multiplication and an addition, few enough for 16 registers.
  constexpr int CHAINS = 12;
  volatile float unknown = 0.5f;  // neither factor nor sum is known to the compiler, nor may it drop the result
  const vf factor = splat(unknown), addend = splat(unknown);
  vf chain[CHAINS];
  U_UNROLL for (int i = 0; i < CHAINS; i++) chain[i] = splat((float)i);
  for (int r = 0; r < rounds; r++) U_UNROLL for (int i = 0; i < CHAINS; i++) chain[i] = chain[i] * factor + addend;
  vf sum = zero();
  U_UNROLL for (int i = 0; i < CHAINS; i++) sum += chain[i];
  unknown = sum_lanes(sum);
  flops[0] = 2.0 * CHAINS * LANES * rounds;
  return U_OK;
}
