// Loops over all threads, for cores that are not equally fast: on a shared machine one of two often is a third slower, and
// halves of equal size would wait for it.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <vector>

namespace smash {

// Cuts [0, count) into `parts` ranges, some of which may be empty, and calls body(begin, end, part) for each. Every thread
// goes through its own share of the parts, the same in every loop of as many parts, because what it wrote in the last is
// still in its cache; when it is done it takes over parts of others, from their end. Parts of a share get smaller towards
// its end, so that few of them are enough for threads to end together. Where sums are kept by part, and added in the order
// of the parts, who computed what does not matter.
template <class Body>
void share_work(int64_t count, int64_t parts, Body body) {
  const int64_t threads = std::min<int64_t>(at::get_num_threads(), parts);
  struct Share {
    std::atomic<int64_t> taken{0}, from_end{0};
  };
  std::vector<Share> shares(threads);
  at::parallel_for(0, threads, 1, [&](int64_t first_share, int64_t last_share) {
    for (int64_t turn = 0; turn < threads; ++turn) {
      const int64_t owner = (first_share + turn) % threads;
      Share& share = shares[owner];
      const int64_t first = parts * owner / threads, size = parts * (owner + 1) / threads - first;
      const int64_t begin = count * owner / threads, end = count * (owner + 1) / threads;
      // Sizes are as size : size - 1 : ... : 1.
      const auto bound = [&](int64_t part) {
        return end - (end - begin) * (size - part) * (size - part + 1) / (size * (size + 1));
      };
      const bool own = owner >= first_share && owner < last_share;
      for (int64_t from_start = 0; share.taken++ < size; ++from_start) {
        const int64_t part = own ? from_start : size - 1 - share.from_end++;
        body(bound(part), bound(part + 1), first + part);
      }
    }
  });
}

}  // namespace smash
