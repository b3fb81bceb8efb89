// A caching allocator for large CPU blocks.
//
// On virtual machines a first-touched page costs about 12 us, so a fresh 1 MB result costs 3-5 ms where a reused one
// costs .03 ms: without a cache a training step takes 2-5 times as long. Blocks of 64 KB and more are kept when freed
// and handed out again best-fit, to requests of at least half their size (random architectures change every size:
// exact buckets would grow without bound).
#pragma once

#include <cstdint>

namespace smash {

struct MemoryStats {
  int64_t live_bytes;    // handed out to tensors
  int64_t cached_bytes;  // kept for reuse
  int64_t peak_bytes;    // most that was live at once
};

void install_allocator();
MemoryStats memory_stats();
void empty_cache();
// Blocks freed while this much is cached already go back to the system.
void set_cache_limit(int64_t bytes);

}  // namespace smash
