#include "allocator.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <malloc.h>
#include <torch/version.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <mutex>

namespace smash {

namespace {

constexpr size_t kSmall = 64 << 10;   // below: malloc is good enough
constexpr size_t kRound = 16 << 10;   // sizes are rounded up, so that near sizes share blocks
constexpr size_t kSlack = 2;          // a block may serve requests down to 1/kSlack of its size

class BlockCache {
 public:
  void* allocate(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    void* data = bytes < kSmall ? fresh(bytes) : reuse((bytes + kRound - 1) / kRound * kRound);
    live_ += malloc_usable_size(data);
    peak_ = std::max(peak_, live_);
    return data;
  }

  void release(void* data) {
    if (data == nullptr) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    const size_t size = malloc_usable_size(data);
    live_ -= size;
    if (size < kSmall || cached_ + size > limit_ || !keep(size, data)) {
      c10::free_cpu(data);
    } else {
      cached_ += size;
    }
  }

  void clear() {
    const std::lock_guard<std::mutex> lock(mutex_);
    drop_all();
  }

  void set_limit(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    limit_ = bytes;
  }

  MemoryStats stats() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {static_cast<int64_t>(live_), static_cast<int64_t>(cached_), static_cast<int64_t>(peak_)};
  }

 private:
  // False when there is not even the memory to note the block; tensors are freed where nothing may be thrown.
  bool keep(size_t size, void* data) {
    try {
      free_.emplace(size, data);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  void* reuse(size_t size) {
    const auto fit = free_.lower_bound(size);
    if (fit == free_.end() || fit->first > size * kSlack) return fresh(size);
    void* data = fit->second;
    cached_ -= fit->first;
    free_.erase(fit);
    return data;
  }

  // A fresh block; when memory is short, once more after giving the cache back.
  void* fresh(size_t size) {
    try {
      return c10::alloc_cpu(size);
    } catch (const c10::Error&) {
      drop_all();
      return c10::alloc_cpu(size);
    }
  }

  void drop_all() {
    for (const auto& block : free_) c10::free_cpu(block.second);
    free_.clear();
    cached_ = 0;
  }

  std::mutex mutex_;
  std::multimap<size_t, void*> free_;
  size_t live_ = 0, cached_ = 0, peak_ = 0;
  size_t limit_ = size_t{4} << 30;
};

// Never destroyed: tensors of other threads may outlive static destruction.
BlockCache& cache() {
  static BlockCache* instance = new BlockCache();
  return *instance;
}

void release_block(void* data) { cache().release(data); }

struct CachingAllocator final : c10::Allocator {
#if TORCH_VERSION_MAJOR >= 2 && !(TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 3)
  c10::DataPtr allocate(size_t bytes) override { return make(bytes); }
#else
  c10::DataPtr allocate(size_t bytes) const override { return make(bytes); }
#endif
#if TORCH_VERSION_MAJOR >= 2
  void copy_data(void* destination, const void* source, size_t count) const
#if !(TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR < 3)
      override
#endif
  {
    std::memcpy(destination, source, count);
  }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return &release_block; }

 private:
  static c10::DataPtr make(size_t bytes) {
    void* data = bytes == 0 ? nullptr : cache().allocate(bytes);
    return {data, data, &release_block, c10::Device(c10::DeviceType::CPU)};
  }
};

}  // namespace

void install_allocator() {
  static const bool installed = [] {
    static CachingAllocator allocator;
    // Priority above the default's 0: this one serves from now on.
    c10::SetCPUAllocator(&allocator, 10);
    // oneDNN and BLAS take their scratch from malloc: keep it mapped between calls.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    return true;
  }();
  (void)installed;
}

MemoryStats memory_stats() { return cache().stats(); }
void empty_cache() { cache().clear(); }
void set_cache_limit(int64_t bytes) { cache().set_limit(static_cast<size_t>(bytes)); }

}  // namespace smash
