// Memory of CPU tensors.
//
// On virtual machines a first-touched page costs about 12 us, so a fresh 1 MB result costs 3-5 ms where a reused one
// costs .03 ms: where memory goes back to the system and comes again, a training step takes 2-5 times as long. So
// blocks of 64 KB and more are cut from one range of addresses that keeps its pages, best-fit, and merge with their
// neighbours when freed: random architectures change every size, and blocks kept as they were would fit ever fewer
// requests. The C library's own heap does the same, but only on the main thread, and runs train in another.
#pragma once

#include <cstdint>

namespace smash {

struct MemoryStats {
  int64_t live_bytes;  // handed out to tensors
  int64_t peak_bytes;  // most that was live at once
};

void install_allocator();
MemoryStats memory_stats();

}  // namespace smash
