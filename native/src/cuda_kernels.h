// Kernels for CUDA devices; only in an addon that is built against a PyTorch with CUDA (SMASH_CUDA). Plain pointers, so
// that the CUDA compiler need not read libtorch's headers. Work is queued on `stream`, a cudaStream_t; nothing waits.
#pragma once

#include "bank_runs.h"

namespace smash::cuda {

// Throws std::runtime_error where a kernel could not be queued.
enum class Element { float32, bfloat16 };

// A channels-last bank buffer and the tensor that is read from it or written to it; strides are channels a pixel.
struct Banks {
  void* bank;
  int64_t bank_stride;
  void* inner;
  int64_t inner_stride, pixels;
  Element element;
};

// inner = relu?(bank), summed where runs add; the runs cover all of `inner`.
void gather(const Banks& banks, const Runs& runs, bool relu, void* stream);

// bank (+)= inner, where `mask` (if not null, as large as inner) is positive; no two runs share a bank.
void scatter(const Banks& banks, const void* mask, const Runs& runs, void* stream);

// A convolution that keeps the image's size, of channels-last images without gaps: [batch * height * width, channels].
struct Patches {
  int64_t batch, height, width, channels, groups;
  int64_t kernel[2], dilation[2];  // height, width
  bool relu;                       // before the convolution
  Element element;
};

// patches [groups, pixels, taps, channels / groups] = relu?(x) at every tap, 0 outside the image.
void unfold(const Patches& shape, const void* x, void* patches, void* stream);

// The gradient of that: dx, every value the sum over its taps, where x is positive if there is a ReLU.
void fold(const Patches& shape, const void* patches, const void* x, void* dx, void* stream);

// The HyperNet's output and how bricks lie in it; strides in elements.
struct BrickOutput {
  float* data;
  int64_t row_stride, channel_stride, column_stride;
  int32_t inputs, outputs, kernel;
};

// A weight [outputs, height, width, inputs] in it, without gaps; see `Cut`. For gradients, `gradient` is of its layout
// and null where there is none.
struct GeneratedWeight {
  float* weight;
  const float* gradient;
  int32_t start, columns, inputs, outputs, height, width;
  float gain;
};

// Weights of norm `gain`, and the norms before; `tiny`: the least divisor.
void generate_weights(const BrickOutput& output, const std::vector<GeneratedWeight>& weights, float* norms, float tiny, void* stream);

// Adds the gradients to that of the output.
void add_generated_gradients(const BrickOutput& gradient, const std::vector<GeneratedWeight>& weights, const float* norms, void* stream);

}  // namespace smash::cuda
