// dot_check-inl.h: the checks of one instruction set. See dot_check.cc.

// vpdpbusd, by Intel's description: unsigned by signed bytes, summed in 32 bits.
static vi described_vpdpbusd(vi sum, vb unsigned_bytes, vb signed_bytes) {
  for (int k = 0; k < 4 * LANES; k++) sum[k / 4] += (int)(uint8_t)unsigned_bytes[k] * (int)signed_bytes[k];
  return sum;
}

static bool equal(vi sum, const int32_t* want) {
  for (int lane = 0; lane < LANES; lane++) {
    if (sum[lane] != want[lane]) return false;
  }
  return true;
}

static void check(const char* name) {
  unsigned seed = 1;
  bool exact = true, by_description = true;
  [[maybe_unused]] bool by_instruction = true;
  for (int round = 0; round < 2000; round++) {
    int8_t x[4 * GROUPS], w[GROUPS][4 * LANES];
    for (int8_t& byte : x) byte = byte_of(round % 3, &seed);
    for (auto& group : w) {
      for (int8_t& byte : group) byte = byte_of(round % 2, &seed);
    }
    vi sum = splat_int(dot_start(x, sizeof x)), described = splat_int(magnitude_start(x, sizeof x));
    [[maybe_unused]] vi assembled = described;
    int32_t want[LANES] = {};
    for (int g = 0; g < GROUPS; g++) {
      int32_t word;
      vi weights;
      std::memcpy(&word, x + 4 * g, 4);
      std::memcpy(&weights, w[g], sizeof weights);
      sum = dot4(sum, dot_factor(splat_int(word)), weights);
      const MagnitudeFactor factor = magnitude_factor(splat_int(word));
      described = described_vpdpbusd(described, factor.magnitude, flipped(weights, factor.negative));
#ifdef U_DOT_VNNI
      if (has_vnni()) assembled = vnni_dot4(assembled, factor, weights);
#endif
      for (int k = 0; k < 4 * LANES; k++) want[k / 4] += (int)x[4 * g + k % 4] * w[g][k];
    }
    exact &= equal(sum, want);
    by_description &= equal(described, want);
#ifdef U_DOT_VNNI
    if (has_vnni()) by_instruction &= equal(assembled, want);
#endif
  }
  report(name, "four products a lane", exact);
  report(name, "magnitudes and flipped weights", by_description);
#ifdef U_DOT_VNNI
  if (has_vnni()) report(name, "AVX-512 VNNI", by_instruction);
#endif
}
