// Where the channels of a tensor lie in a bank buffer. Without libtorch, for whatever compiles kernels.
#pragma once

#include <cstdint>
#include <vector>

namespace smash {

// One contiguous run of channels: `length` channels at `inner` (the read or written tensor) and `bank` (the buffer).
struct Run {
  int64_t inner, bank, length;
  bool add;  // to what is at the target; otherwise it is set
};
using Runs = std::vector<Run>;

}  // namespace smash
