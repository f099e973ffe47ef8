// gemm.h: the matrix product every kernel is built on, in the three forms the work needs (x W^T, dG W, dG^T X): all are
// one routine over strided operands. Included once per target, inside its namespace.
//   C[M,N] = (accumulate ? C : 0) + bias + A[M,K] B[K,N]

struct Strided {  // element (r, c) is p[r * row + c * col]
  const float* p;
  ptrdiff_t row, col;
};

struct GemmOut {
  float* c;  // [M,N], row stride ldc, unit column stride
  ptrdiff_t ldc;
  const float* bias;  // [N] or null, added once
  bool accumulate;
  // Row m of the product goes to row row_map[m] of c; -1 drops it. null: identity. How gradients computed with
  // interleaved gates land in PyTorch's order.
  const int32_t* row_map;
};

// Two forms: over all of ctx's threads (thread = -1; not from inside a task of u_parallel), or on the calling thread
// alone with that thread's slice of ctx->pack (thread = the task's argument). Same bits either way.
constexpr int ALL_THREADS = -1;

// Splits rows and columns over ctx's threads; every element is summed over k in one fixed order, so the bits do not
// depend on the thread count nor on M and N. Packs into ctx->pack. K = 0 gives bias or zero.
static void gemm(u_ctx* ctx, GemmOut out, Strided a, Strided b, int M, int N, int K, int thread = ALL_THREADS);

// The same with B packed beforehand (weights, reused over many calls).
static size_t packed_floats(int K, int N);
static void pack_b(float* packed, Strided b, int K, int N);
static void gemm_packed(u_ctx* ctx, GemmOut out, Strided a, const float* packed, int M, int N, int K,
                        int thread = ALL_THREADS);
