// machine.cc: at what speed this machine reads memory. Reads a line `BYTES THREADS CORE`, answers {"gbs": GB/s}: THREADS
// cores, each reading its share of a block of BYTES again and again, for about a millisecond. BYTES decides which cache
// that is; CORE, if it is one, where the first thread reads (on Linux).
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

#if defined(__AVX512F__)
#define WIDTH 64
#elif defined(__AVX__)
#define WIDTH 32
#else
#define WIDTH 16
#endif
typedef int32_t Vector __attribute__((vector_size(WIDTH)));

static constexpr size_t STRIDE = 8;          // vectors a turn of the loop: as many loads in flight as the core likes
static constexpr double BYTES_A_RUN = 50e6;  // about a millisecond from L3
static constexpr int ATTEMPTS = 3;

// One pass over the block. The sum goes out so that the reads stay in.
static Vector read_all(const Vector* from, size_t count) {
  Vector sums[STRIDE] = {};
  for (size_t k = 0; k + STRIDE <= count; k += STRIDE)
    for (size_t s = 0; s < STRIDE; s++) sums[s] ^= from[k + s];
  Vector all = {};
  for (const Vector& sum : sums) all ^= sum;
  return all;
}

static double bandwidth(size_t bytes, int threads) {
  static std::vector<Vector*> blocks;
  static size_t allocated = 0;
  const size_t share = std::max(STRIDE, bytes / threads / WIDTH / STRIDE * STRIDE);  // vectors
  if (allocated < share || blocks.size() < static_cast<size_t>(threads)) {
    for (Vector* block : blocks) free(block);
    blocks.clear();
    allocated = std::max(allocated, share);
    for (int k = 0; k < threads; k++) {
      blocks.push_back(static_cast<Vector*>(aligned_alloc(WIDTH, allocated * WIDTH)));
      for (size_t v = 0; v < allocated; v++) blocks[k][v] = Vector{} + static_cast<int32_t>(v);
    }
  }
  const int passes = std::max(2, static_cast<int>(BYTES_A_RUN / (share * WIDTH)));
  std::atomic<int> ready{0}, done{0};
  std::atomic<bool> go{false};
  std::atomic<int32_t> kept{0};
  const auto work = [&](int thread) {
    kept += read_all(blocks[thread], share)[0];
    ready++;
    while (!go) {
    }
    for (int pass = 0; pass < passes; pass++) kept += read_all(blocks[thread], share)[0];
    done++;
  };
  std::vector<std::thread> others;
  for (int k = 1; k < threads; k++) others.emplace_back(work, k);
  kept += read_all(blocks[0], share)[0];
  while (ready < threads - 1) {
  }
  const auto start = std::chrono::steady_clock::now();
  go = true;
  for (int pass = 0; pass < passes; pass++) kept += read_all(blocks[0], share)[0];
  while (done < threads - 1) {
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - start;
  for (std::thread& other : others) other.join();
  return static_cast<double>(share) * WIDTH * threads * passes / took.count();
}

// Keeps this thread to a core; a negative one lets it go where this process was allowed to when it began.
static void keep_to(int core) {
#ifdef __linux__
  static const cpu_set_t allowed = [] {
    cpu_set_t set;
    sched_getaffinity(0, sizeof set, &set);
    return set;
  }();
  cpu_set_t set = allowed;
  if (core >= 0) {
    CPU_ZERO(&set);
    CPU_SET(core, &set);
  }
  sched_setaffinity(0, sizeof set, &set);
#else
  (void)core;
#endif
}

int main() {
  std::printf("{}\n");
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    size_t bytes = 0;
    int threads = 1, core = -1;
    std::istringstream(line) >> bytes >> threads >> core;
    keep_to(core);
    double best = 0;
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) best = std::max(best, bandwidth(bytes, threads));
    std::printf("{\"gbs\":%.2f}\n", best);
    std::fflush(stdout);
  }
}
