// Marks a kernel of our own for the profiler, so that it tells computing from what stands around it: conversions, graph
// nodes, allocations, views.
#pragma once

#include <ATen/record_function.h>

#include <string>

namespace smash {

class KernelMark {
 public:
  explicit KernelMark(const char* name) : observed_(at::RecordScope::USER_SCOPE) {
    if (observed_.isActive()) observed_.before(std::string("kernel::") + name);
  }

 private:
  at::RecordFunction observed_;
};

}  // namespace smash
