// pool.cc: the threads of one environment. The caller works too; the others spin a few tens of microseconds for the
// next job (the steps of a sequence follow each other that closely), then sleep. Nothing is global: environments do not
// meet.
#include "ctx.h"

// A WASM instance has no threads of its own.
#if defined(U_NO_THREADS) || defined(__wasm__)

u_pool* u_pool_open(int) { return nullptr; }
int u_pool_threads(const u_pool*) { return 1; }
void u_pool_close(u_pool*) {}

void u_parallel(u_ctx*, void (*task)(void* arg, int k, int thread), void* arg, int tasks) {
  for (int k = 0; k < tasks; k++) task(arg, k, 0);
}

#else

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <new>
#include <thread>

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

typedef void (*u_task)(void* arg, int k, int thread);

// A job's tasks are claimed by adding 1 to `ticket`: the job's number in the upper half, the next task in the lower.
// The fields change only while the ticket says "closed", and every job has a number of its own, so a thread that comes
// late, with fields of an older job in hand, fails its compare-and-swap and looks again. Nobody waits for a thread that
// claimed nothing.
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
  alignas(64) std::atomic<uint64_t> ticket{0};
  std::atomic<u_task> task{nullptr};
  std::atomic<void*> arg{nullptr};
  std::atomic<uint32_t> tasks{0};
  alignas(64) std::atomic<uint32_t> done{0};
  alignas(64) std::atomic<int> asleep{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable wake;
  std::chrono::nanoseconds spin{0};
  int threads = 1;
  Worker workers[U_MAX_THREADS];
};

static const uint64_t kJob = uint64_t(1) << 32;
static const uint64_t kClosed = kJob - 1;  // the lower half of a closed ticket

// Takes part in the open job, if any; false if there was nothing left to claim.
static bool work(u_pool* pool, int thread) {
  bool any = false;
  uint64_t ticket = pool->ticket.load(std::memory_order_acquire);
  for (;;) {
    const uint32_t k = static_cast<uint32_t>(ticket);
    const u_task task = pool->task.load(std::memory_order_relaxed);
    void* arg = pool->arg.load(std::memory_order_relaxed);
    if (k == kClosed || k >= pool->tasks.load(std::memory_order_relaxed)) return any;
    std::atomic_thread_fence(std::memory_order_acquire);
    if (!pool->ticket.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel, std::memory_order_acquire))
      continue;
    task(arg, static_cast<int>(k), thread);
    pool->done.fetch_add(1, std::memory_order_release);
    any = true;
    ticket = pool->ticket.load(std::memory_order_acquire);
  }
}

static uint64_t job_of(uint64_t ticket) { return ticket / kJob; }

static void run(Worker* self) {
  u_pool* pool = self->pool;
  for (;;) {
    const uint64_t seen = job_of(pool->ticket.load(std::memory_order_acquire));
    work(pool, self->thread);
    const auto deadline = std::chrono::steady_clock::now() + pool->spin;
    bool news = false;
    while (!news && std::chrono::steady_clock::now() < deadline)
      for (int i = 0; i < 16 && !news; i++) {
        spin_pause();
        news = job_of(pool->ticket.load(std::memory_order_acquire)) != seen;
      }
    if (!news) {
      std::unique_lock<std::mutex> lock(pool->mutex);
      // Announced before the last look at the ticket, as the caller publishes before it looks at `asleep`: one sees the
      // other.
      pool->asleep.fetch_add(1);
      while (!pool->stop.load() && job_of(pool->ticket.load()) == seen) pool->wake.wait(lock);
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
  if (static_cast<unsigned>(threads) <= std::thread::hardware_concurrency()) pool->spin = std::chrono::microseconds(30);
  pool->ticket.store(kClosed);
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
  // A closed ticket has a number of its own, so that whoever sees it still takes the opening for news.
  const uint64_t closed = (job_of(pool->ticket.load()) + 1) * kJob;
  pool->ticket.store(closed | kClosed);
  std::atomic_thread_fence(
      std::memory_order_release);  // closed before the fields change; pairs with the fence in work()
  pool->task.store(task, std::memory_order_relaxed);
  pool->arg.store(arg, std::memory_order_relaxed);
  pool->tasks.store(static_cast<uint32_t>(tasks), std::memory_order_relaxed);
  pool->done.store(0, std::memory_order_relaxed);
  pool->ticket.store(closed + kJob);
  if (pool->asleep.load() > 0) {
    std::lock_guard<std::mutex> lock(pool->mutex);
    pool->wake.notify_all();
  }
  work(pool, 0);
  for (int spins = 0; pool->done.load(std::memory_order_acquire) != static_cast<uint32_t>(tasks); spins++) {
    spin_pause();
    // The thread we wait for may have lost its core to us.
    if (spins > 4000) std::this_thread::yield();
  }
}

#endif
