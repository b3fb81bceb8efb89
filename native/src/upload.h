// From memory to a device without waiting for it.
#pragma once

#include <ATen/ATen.h>

namespace smash {

// Memory to fill on the CPU and then `upload`: pinned for a CUDA device, which alone may copy while the program goes on.
inline at::Tensor empty_for_upload(at::IntArrayRef shape, at::ScalarType dtype, at::Device device) {
  return at::empty(shape, at::TensorOptions(dtype).pinned_memory(device.is_cuda()));
}

// libtorch reuses the pinned memory no sooner than the copy is done.
inline at::Tensor upload(const at::Tensor& x, at::Device device) {
  return x.to(device, x.scalar_type(), /*non_blocking=*/device.is_cuda());
}

}  // namespace smash
