// pool-wasm.cc: the threads of the WASM module. In a build with shared memory they are workers, started by JavaScript
// (src/backend/wasm-pool.ts), each with an instance of the module over the same memory and a stack of its own; here is
// what they do. As in pool.cc the caller works too, and who has nothing to do spins for a moment and then sleeps.
// A build without shared memory has one thread. Empty elsewhere.
#ifdef __wasm__
#include "ctx.h"

#ifndef __wasm_atomics__

uint64_t u_now() { return 0; }
u_pool* u_pool_open(int) { return nullptr; }
int u_pool_threads(const u_pool*) { return 1; }
void u_pool_close(u_pool*) {}

void u_parallel(u_ctx*, void (*task)(void* arg, int k, int thread), void* arg, int tasks) {
  for (int k = 0; k < tasks; k++) task(arg, k, 0);
}

#else

#include "job.h"

struct u_pool {
  Job job;
  alignas(64) std::atomic<int> asleep{0};  // workers
  std::atomic<int> waiting{0};             // 1: the caller sleeps until `done` changes
  std::atomic<int> stop{0}, failed{0};
  int threads = 1, spins = 0, may_wait = 0;
};

// A module's memory is one environment, so there is one pool; nothing here is ever freed under a worker's feet.
static u_pool pool;

static const int kSpins = 20000;  // looks at a word that does not change: some 30 us
static const int64_t kForever = -1;

// The half of the ticket that is the job's number. Memory is little-endian.
static int* job_word() { return reinterpret_cast<int*>(&pool.job.ticket) + 1; }
static int* done_word() { return reinterpret_cast<int*>(&pool.job.done); }

static void tell_caller() {
  if (pool.waiting.load()) __builtin_wasm_memory_atomic_notify(done_word(), 1);
}
static void nothing() {}

// The clock of whoever opened the module: src/backend/wasm-imports.ts.
extern "C" __attribute__((import_module("env"), import_name("u_milliseconds"))) double u_milliseconds(void);
uint64_t u_now() { return static_cast<uint64_t>(u_milliseconds() * 1e6); }

u_pool* u_pool_open(int threads) {
  if (threads < 2) return nullptr;
  pool.threads = threads;
  return &pool;
}
int u_pool_threads(const u_pool* of) { return of ? of->threads : 1; }
void u_pool_close(u_pool*) {}

void u_parallel(u_ctx* ctx, u_task task, void* arg, int tasks) {
  if (!ctx->pool || tasks < 2) {
    for (int k = 0; k < tasks; k++) task(arg, k, 0);
    return;
  }
  pool.job.open(task, arg, tasks);
  if (pool.asleep.load() > 0) __builtin_wasm_memory_atomic_notify(job_word(), static_cast<unsigned>(tasks) - 1);
  pool.job.work(0, nothing);
  for (int k = 0; k < pool.spins && !pool.job.is_done(); k++) continue;
  while (!pool.job.is_done()) {
    if (!pool.may_wait) continue;
    // Announced before the last look at `done`, as a worker counts before it looks at `waiting`: one sees the other.
    pool.waiting.store(1);
    const uint32_t done = pool.job.done.load();
    if (done != static_cast<uint32_t>(tasks))
      __builtin_wasm_memory_atomic_wait32(done_word(), static_cast<int>(done), kForever);
    pool.waiting.store(0);
  }
  // JavaScript sees the same as when a kernel fails on its own thread.
  if (pool.failed.load()) __builtin_trap();
}

extern "C" {

// may_spin: there is a core for each thread. may_wait: the calling thread may sleep, which a page's may not.
void u_pool_manners(int may_spin, int may_wait) {
  pool.spins = may_spin ? kSpins : 0;
  pool.may_wait = may_wait;
}

// A worker's life: thread 1, 2, ... takes part in every job until u_dismiss.
void u_work(int thread) {
  while (!pool.stop.load()) {
    const uint64_t seen = pool.job.number();
    pool.job.work(thread, tell_caller);
    int left = pool.spins;
    while (left > 0 && pool.job.number() == seen) left--;
    if (pool.job.number() != seen) continue;
    pool.asleep.fetch_add(1);
    // Looks once more and falls asleep in one step: a job opened in between is not missed.
    __builtin_wasm_memory_atomic_wait32(job_word(), static_cast<int>(seen), kForever);
    pool.asleep.fetch_sub(1);
  }
}

// A worker's instance trapped inside a task: the caller must not wait for it.
void u_work_failed(void) {
  pool.failed.store(1);
  pool.job.done.fetch_add(1);
  tell_caller();
}

// Sends the workers home. They are gone when their u_work has returned; u_recruit must come before new ones.
void u_dismiss(void) {
  pool.stop.store(1);
  pool.job.open(nullptr, nullptr, 0);
  __builtin_wasm_memory_atomic_notify(job_word(), U_MAX_THREADS);
}
void u_recruit(void) { pool.stop.store(0); }

}  // extern "C"
#endif
#endif
