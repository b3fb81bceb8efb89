// Convolutions with stride 1 and "same" padding on channels-last floats, for shapes that are new at every step.
//
// A library that generates a kernel for each shape pays milliseconds for every one it has not seen, and random
// architectures are all shapes it has not seen. Here one register tile, compiled once, serves forward, input gradient
// and weight gradient of every shape, dilation and grouping; a ReLU before the convolution costs no pass of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace smash {

constexpr int64_t kMostKernel = 11;  // height or width

struct ConvShape {
  int64_t batch, height, width;  // of input and output
  int64_t inputs, outputs, groups;
  int64_t kernel[2], dilation[2];  // height, width; kernels are odd
  // Factors rounded to bfloat16, where that is faster, and added up in float: twice the multiplications an instruction on
  // a processor that has it; others compute in float.
  bool bfloat16 = false;
};

// A weight [outputs, inputs / groups, height, width] of any layout.
struct ConvWeight {
  float* data;
  int64_t strides[4];
};

// A ReLU before the convolution: none, applied while pixels are read, or already in what is read. The gradient of the
// input is zero where it closed.
enum class Relu { none, apply, applied };

// The pixels a convolution reads, `channels` floats each: dense in memory, or gathered as they are needed.
struct PixelSource {
  float* dense;
  Relu relu = Relu::none;
  // Writes `count` pixels from `first` on, counted over the batch. Where `dense` is given too, it is filled by this; only a
  // 1x1 kernel may have both.
  std::function<void(int64_t first, int64_t count, float* out)> gather = nullptr;
  int64_t first_image = 0;  // of the batch that is in `dense`
};

// Where results go: dense, or handed on pixel by pixel while they are in the cache.
struct PixelSink {
  float* dense;
  std::function<void(int64_t first, int64_t count, const float* values)> scatter = nullptr;
  int64_t first_image = 0;  // of the batch that is in `dense`
};

// A convolution whose weights have been brought into the order of the kernel.
class PackedConv {
 public:
  PackedConv(const ConvShape& shape, const ConvWeight& weight);
  PackedConv(PackedConv&&) noexcept;
  ~PackedConv();

  // y [batch, height, width, outputs] = conv(x), x [batch, height, width, inputs], by all threads.
  void run(const PixelSource& x, const PixelSink& y) const;
  // One image, by the calling thread.
  void run_image(int64_t image, const PixelSource& x, const PixelSink& y) const;

 private:
  struct Packed;
  std::unique_ptr<Packed> packed_;
};

// Parts into which a gradient's work is cut for all threads: each has sums of its own, which are added in order.
int64_t gradient_parts(int64_t tasks);

// Both gradients of a convolution, image by image.
class ConvGradients {
 public:
  // `slot`: convolutions whose images alternate in one thread have different ones. Without `wants_dw` only dx is computed.
  ConvGradients(const ConvShape& shape, const ConvWeight& weight, int64_t parts, bool wants_dw, int64_t slot);
  ConvGradients(ConvGradients&&) noexcept;
  ~ConvGradients();

  // Around all images of a part, by the thread that runs them.
  void start(int64_t part);
  void end(int64_t part);
  // Adds an image to the sums of a part; dx as in `conv_backward`.
  void run_image(int64_t part, int64_t image, const PixelSource& x, const PixelSource& dy, const PixelSink& dx);
  // After all parts.
  void finish(const ConvWeight& dw) const;

 private:
  struct Packed;
  std::unique_ptr<Packed> packed_;
};

// y [batch, height, width, outputs] = conv(x, weight), x [batch, height, width, inputs].
void conv_forward(const ConvShape& shape, const PixelSource& x, const ConvWeight& weight, const PixelSink& y);

// Both gradients in one pass over the pixels: dx (zero where a ReLU of x closed; not computed without a sink) and dw (not
// computed without data). Deterministic for a given number of threads.
void conv_backward(const ConvShape& shape, const PixelSource& x, const PixelSource& dy, const ConvWeight& weight,
                   const PixelSink& dx, const ConvWeight& dw);

}  // namespace smash
