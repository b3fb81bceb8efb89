// Tensors that JavaScript holds, as integer handles.
//
// A handle is slot + generation * 2^22, a whole number below 2^53: a plain JavaScript number, ten times cheaper than
// an object with a finalizer. The generation changes whenever a slot is freed, so use after dispose is always an error.
// Ownership is explicit (scopes, dispose); one table belongs to one JavaScript thread.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "recording.h"

namespace smash {

class TensorTable {
 public:
  int64_t add(at::Tensor tensor);
  const at::Tensor& get(int64_t handle) const;
  void dispose(int64_t handle);
  bool alive(int64_t handle) const;

  // A recording of how the tensor is computed lives as long as the tensor.
  void attach(int64_t handle, std::shared_ptr<Recording> recording);
  Recording& recording(int64_t handle) const;

  void begin_scope();
  // Frees what was made since the matching begin_scope, except `keep`, which moves to the enclosing scope.
  void end_scope(const std::vector<int64_t>& keep);

  int64_t live_count() const { return live_count_; }

 private:
  struct Slot {
    at::Tensor tensor;
    std::shared_ptr<Recording> recording;
    int64_t generation = 1;
    bool used = false;
  };
  const Slot* find(int64_t handle) const;
  void free_slot(int64_t index);

  std::vector<Slot> slots_;
  std::vector<int64_t> free_;
  std::vector<std::vector<int64_t>> scopes_;
  int64_t live_count_ = 0;
};

}  // namespace smash
