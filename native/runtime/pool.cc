// pool.cc: the threads of one environment of the addon. The caller works too; the others spin a fifth of a millisecond
// for the next job, then sleep: the steps of a sequence follow each other that closely, and a thread that fell asleep
// because the other was held up for a moment takes as long to wake. Nothing is global: environments do not meet. Empty
// in WASM.
#ifndef __wasm__
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

#include "ctx.h"
#include "job.h"

#ifdef _WIN32
#include <process.h>
#include <windows.h>
#else
#include <pthread.h>
#endif

#if defined(__x86_64__) || defined(_M_X64)
static inline void spin_pause() { __builtin_ia32_pause(); }
#elif defined(__aarch64__)
static inline void spin_pause() { asm volatile("yield"); }
#else
static inline void spin_pause() {}
#endif

struct Worker {
  u_pool* pool;
  int thread;
#ifdef _WIN32
  HANDLE handle;
#else
  pthread_t handle;
#endif
};

struct u_pool {
  Job job;
  alignas(64) std::atomic<int> asleep{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable wake;
  std::chrono::nanoseconds spin{0};
  int threads = 1;
  Worker workers[U_MAX_THREADS];
};

static void nothing() {}

uint64_t u_now() {
  const auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

static void run(Worker* self) {
  u_pool* pool = self->pool;
  for (;;) {
    const uint64_t seen = pool->job.number();
    pool->job.work(self->thread, nothing);
    const auto deadline = std::chrono::steady_clock::now() + pool->spin;
    bool news = false;
    while (!news && std::chrono::steady_clock::now() < deadline)
      for (int i = 0; i < 16 && !news; i++) {
        spin_pause();
        news = pool->job.number() != seen;
      }
    if (!news) {
      std::unique_lock<std::mutex> lock(pool->mutex);
      // Announced before the last look at the ticket, as the caller publishes before it looks at `asleep`: one sees the
      // other.
      pool->asleep.fetch_add(1);
      while (!pool->stop.load() && pool->job.number(std::memory_order_seq_cst) == seen) pool->wake.wait(lock);
      pool->asleep.fetch_sub(1);
    }
    if (pool->stop.load()) return;
  }
}

#ifdef _WIN32
static unsigned __stdcall entry(void* worker) {
  run(static_cast<Worker*>(worker));
  return 0;
}
static bool start(Worker* worker) {
  worker->handle = reinterpret_cast<HANDLE>(_beginthreadex(nullptr, 0, entry, worker, 0, nullptr));
  return worker->handle != nullptr;
}
static void join(Worker* worker) {
  WaitForSingleObject(worker->handle, INFINITE);
  CloseHandle(worker->handle);
}
#else
// Not std::thread: its constructor throws where the system refuses a thread.
static void* entry(void* worker) {
  run(static_cast<Worker*>(worker));
  return nullptr;
}
static bool start(Worker* worker) { return pthread_create(&worker->handle, nullptr, entry, worker) == 0; }
static void join(Worker* worker) { pthread_join(worker->handle, nullptr); }
#endif

u_pool* u_pool_open(int threads) {
  if (threads < 2) return nullptr;
  u_pool* pool = new (std::nothrow) u_pool;
  if (!pool) return nullptr;
  // With more threads than cores a spinning thread only keeps a working one off its core.
  if (static_cast<unsigned>(threads) <= std::thread::hardware_concurrency())
    pool->spin = std::chrono::microseconds(200);
  for (; pool->threads < threads; pool->threads++) {
    Worker* worker = &pool->workers[pool->threads];
    worker->pool = pool;
    worker->thread = pool->threads;
    if (!start(worker)) break;
  }
  if (pool->threads > 1) return pool;
  delete pool;
  return nullptr;
}

int u_pool_threads(const u_pool* pool) { return pool ? pool->threads : 1; }

void u_pool_close(u_pool* pool) {
  if (!pool) return;
  {
    std::lock_guard<std::mutex> lock(pool->mutex);
    pool->stop.store(true);
    pool->wake.notify_all();
  }
  for (int k = 1; k < pool->threads; k++) join(&pool->workers[k]);
  delete pool;
}

void u_parallel(u_ctx* ctx, u_task task, void* arg, int tasks) {
  u_pool* pool = ctx->pool;
  if (!pool || tasks < 2) {
    for (int k = 0; k < tasks; k++) task(arg, k, 0);
    return;
  }
  pool->job.open(task, arg, tasks);
  if (pool->asleep.load() > 0) {
    std::lock_guard<std::mutex> lock(pool->mutex);
    pool->wake.notify_all();
  }
  pool->job.work(0, nothing);
  for (int spins = 0; !pool->job.is_done(); spins++) {
    spin_pause();
    // The thread we wait for may have lost its core to us.
    if (spins > 4000) std::this_thread::yield();
  }
}
#endif
