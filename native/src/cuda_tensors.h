// From tensors to what the CUDA kernels take.
#pragma once

#include <ATen/ATen.h>
#include <c10/core/DeviceGuard.h>

#include "cuda_kernels.h"

#ifdef SMASH_CUDA
#include <c10/cuda/CUDAStream.h>
#endif

namespace smash {

// Whether the addon has them: calls stand in `if constexpr`, which leaves nothing to link where it has not.
#ifdef SMASH_CUDA
constexpr bool kHasCuda = true;
#else
constexpr bool kHasCuda = false;
#endif

// What libtorch queues work on now.
inline void* cuda_stream() {
#ifdef SMASH_CUDA
  return c10::cuda::getCurrentCUDAStream().stream();
#else
  return nullptr;
#endif
}

// Of a float32 or bfloat16 tensor.
inline cuda::Element element_of(const at::Tensor& x) {
  return x.scalar_type() == at::kFloat ? cuda::Element::float32 : cuda::Element::bfloat16;
}

}  // namespace smash
