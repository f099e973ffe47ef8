// job.h: how the threads of an environment share one job: tasks 0..tasks-1 of a function, claimed one at a time. What a
// thread does while there is none differs between systems (pool.cc, pool-wasm.cc); this part does not.
#ifndef UNROLLED_JOB_H
#define UNROLLED_JOB_H
#include <stdint.h>

#include <atomic>

typedef void (*u_task)(void* arg, int k, int thread);

// A job's tasks are claimed by adding 1 to `ticket`: the job's number in the upper half, the next task in the lower.
// The fields change only while the ticket says "closed", and every job has a number of its own, so a thread that comes
// late, with fields of an older job in hand, fails its compare-and-swap and looks again. Nobody waits for a thread that
// claimed nothing.
struct Job {
  alignas(64) std::atomic<uint64_t> ticket{kClosed};
  std::atomic<u_task> task{nullptr};
  std::atomic<void*> arg{nullptr};
  std::atomic<uint32_t> tasks{0};
  alignas(64) std::atomic<uint32_t> done{0};

  static constexpr uint64_t kJob = uint64_t(1) << 32;
  static constexpr uint64_t kClosed = kJob - 1;  // the lower half of a closed ticket

  // Differs from what it was before whenever a job has been opened since.
  uint64_t number(std::memory_order order = std::memory_order_acquire) const { return ticket.load(order) / kJob; }

  // For the one thread that hands out jobs, while none is under way.
  void open(u_task next_task, void* next_arg, int count) {
    // A closed ticket has a number of its own, so that whoever sees it still takes the opening for news.
    const uint64_t closed = (number() + 1) * kJob;
    ticket.store(closed | kClosed);
    // Closed before the fields change; pairs with the fence in work().
    std::atomic_thread_fence(std::memory_order_release);
    task.store(next_task, std::memory_order_relaxed);
    arg.store(next_arg, std::memory_order_relaxed);
    tasks.store(static_cast<uint32_t>(count), std::memory_order_relaxed);
    done.store(0, std::memory_order_relaxed);
    ticket.store(closed + kJob);
  }

  // Takes part in the open job, if any; calls finished() after each task.
  template <class Finished>
  void work(int thread, const Finished& finished) {
    uint64_t seen = ticket.load(std::memory_order_acquire);
    for (;;) {
      const uint32_t k = static_cast<uint32_t>(seen);
      const u_task function = task.load(std::memory_order_relaxed);
      void* argument = arg.load(std::memory_order_relaxed);
      if (k == static_cast<uint32_t>(kClosed) || k >= tasks.load(std::memory_order_relaxed)) return;
      std::atomic_thread_fence(std::memory_order_acquire);
      if (!ticket.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      function(argument, static_cast<int>(k), thread);
      done.fetch_add(1);
      finished();
      seen = ticket.load(std::memory_order_acquire);
    }
  }

  bool is_done() const { return done.load(std::memory_order_acquire) == tasks.load(std::memory_order_relaxed); }
};
#endif
