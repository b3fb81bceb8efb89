#include "allocator.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/alloc_cpu.h>
#include <malloc.h>
#include <sys/mman.h>
#include <torch/version.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <mutex>
#include <new>
#include <set>

namespace smash {

namespace {

constexpr size_t kSmall = 64 << 10;  // below: malloc is good enough

// What lies before a block's data. It also moves the starts of tensors, whose sizes are often whole pages, to different
// places within their pages: processors take reads for those of what was just written at the same place of another one.
struct alignas(64) Block {
  size_t size;   // with this header
  Block* below;  // the neighbour; null for the lowest
  bool free;

  void* data() { return this + 1; }
  char* end() { return reinterpret_cast<char*>(this) + size; }
  static Block* of(void* data) { return static_cast<Block*>(data) - 1; }
};

// Best fit, of equals the lowest: what lies high stays free, and in one piece. Blocks are looked up by size alone.
struct BySize {
  using is_transparent = void;
  bool operator()(const Block* a, const Block* b) const { return a->size != b->size ? a->size < b->size : a < b; }
  bool operator()(const Block* a, size_t size) const { return a->size < size; }
  bool operator()(size_t size, const Block* b) const { return size < b->size; }
};

// A range of addresses as large as the machine's memory. It becomes memory from its start, as far as it is needed: so limits
// of a process's data are kept, and what a machine promises is not more than what it is asked for.
class Arena {
 public:
  Arena() {
    const size_t size = static_cast<size_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<size_t>(sysconf(_SC_PAGESIZE));
    void* range = mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range == MAP_FAILED) return;  // addresses are limited: all comes from malloc then, which is only slower
    madvise(range, size, MADV_HUGEPAGE);  // a wish; 2 % of a step
    begin_ = usable_ = static_cast<char*>(range);
    end_ = begin_ + size;
    if (make_usable(begin_ + sizeof(Block))) add(new (range) Block{size, nullptr, true});
  }

  bool holds(const void* data) const { return data >= begin_ && data < end_; }

  // Null where no free block is large enough, or there is no memory for it.
  void* allocate(size_t bytes) {
    const size_t wanted = (bytes + 2 * sizeof(Block) - 1) / sizeof(Block) * sizeof(Block);
    const auto fit = free_.lower_bound(wanted);
    if (fit == free_.end()) return nullptr;
    Block* block = *fit;
    const size_t rest = block->size - wanted;
    const bool splits = rest >= kSmall;
    char* last = splits ? reinterpret_cast<char*>(block) + wanted + sizeof(Block) : block->end();
    if (!make_usable(last)) return nullptr;
    free_.erase(fit);
    block->free = false;
    if (splits) {
      block->size = wanted;
      auto* above = new (block->end()) Block{rest, block, true};
      if (above->end() != end_) next(above)->below = above;
      add(above);
    }
    return block->data();
  }

  void release(void* data) {
    Block* block = Block::of(data);
    if (block->end() != end_ && next(block)->free) absorb(block, next(block));
    if (block->below != nullptr && block->below->free) {
      Block* below = block->below;
      free_.erase(below);
      absorb(below, block);
      block = below;
    }
    add(block);
  }

 private:
  // Everything below `last`; in steps, each of which is a call of the system.
  bool make_usable(char* last) {
    constexpr size_t kStep = 16 << 20;
    while (usable_ < last) {
      const size_t more = std::min<size_t>(kStep, end_ - usable_);
      if (mprotect(usable_, more, PROT_READ | PROT_WRITE) != 0) return false;
      usable_ += more;
    }
    return true;
  }

  static Block* next(Block* block) { return reinterpret_cast<Block*>(block->end()); }

  void absorb(Block* block, Block* above) {
    free_.erase(above);
    block->size += above->size;
    if (block->end() != end_) next(block)->below = block;
  }

  void add(Block* block) {
    block->free = true;
    try {
      free_.insert(block);
    } catch (const std::bad_alloc&) {
      // Tensors are freed where nothing may be thrown: this block waits until a neighbour is freed.
    }
  }

  std::set<Block*, BySize> free_;
  char *begin_ = nullptr, *usable_ = nullptr, *end_ = nullptr;
};

class Heap {
 public:
  void* allocate(size_t bytes) {
    const std::lock_guard<std::mutex> lock(mutex_);
    void* data = bytes < kSmall ? nullptr : arena_.allocate(bytes);
    if (data == nullptr) data = c10::alloc_cpu(bytes);
    live_ += size_of(data);
    peak_ = std::max(peak_, live_);
    return data;
  }

  void release(void* data) {
    if (data == nullptr) return;
    const std::lock_guard<std::mutex> lock(mutex_);
    live_ -= size_of(data);
    if (arena_.holds(data)) {
      arena_.release(data);
    } else {
      c10::free_cpu(data);
    }
  }

  MemoryStats stats() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return {static_cast<int64_t>(live_), static_cast<int64_t>(peak_)};
  }

 private:
  size_t size_of(void* data) const { return arena_.holds(data) ? Block::of(data)->size : malloc_usable_size(data); }

  std::mutex mutex_;
  Arena arena_;
  size_t live_ = 0, peak_ = 0;
};

// Never destroyed: tensors of other threads may outlive static destruction.
Heap& heap() {
  static Heap* instance = new Heap();
  return *instance;
}

void release_data(void* data) { heap().release(data); }

struct HeapAllocator final : c10::Allocator {
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
  c10::DeleterFnPtr raw_deleter() const override { return &release_data; }

 private:
  static c10::DataPtr make(size_t bytes) {
    void* data = bytes == 0 ? nullptr : heap().allocate(bytes);
    return {data, data, &release_data, c10::Device(c10::DeviceType::CPU)};
  }
};

}  // namespace

void install_allocator() {
  static const bool installed = [] {
    static HeapAllocator allocator;
    // Priority above the default's 0: this one serves from now on.
    c10::SetCPUAllocator(&allocator, 10);
    // oneDNN and BLAS take their scratch from malloc: keep it mapped between calls.
    mallopt(M_MMAP_THRESHOLD, 1 << 30);
    mallopt(M_TRIM_THRESHOLD, 1 << 30);
    return true;
  }();
  (void)installed;
}

MemoryStats memory_stats() { return heap().stats(); }

}  // namespace smash
