#include "cuda_kernels.h"

#include <cuda_bf16.h>
#include <cuda_runtime.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>

namespace smash::cuda {
namespace {

constexpr int kThreads = 256;
constexpr int kBlocksPerProcessor = 8;
// Arguments of a launch are 4 KiB at most.
constexpr int kMostChunks = 896;
constexpr int kMostWeights = 80;
constexpr uint16_t kAdd = 1 << 15;
constexpr int kVectorBytes = 16;

void check(cudaError_t error) {
  if (error != cudaSuccess) throw std::runtime_error(std::string("CUDA: ") + cudaGetErrorString(error));
}

int processors() {
  int device = 0, count = 0;
  check(cudaGetDevice(&device));
  check(cudaDeviceGetAttribute(&count, cudaDevAttrMultiProcessorCount, device));
  return count;
}

template <class T, int kLength>
struct alignas(sizeof(T) * kLength) Chunk {
  T values[kLength];
};

__device__ inline float to_float(float value) { return value; }
__device__ inline float to_float(__nv_bfloat16 value) { return __bfloat162float(value); }
template <class T>
__device__ inline T from_float(float value);
template <>
__device__ inline float from_float<float>(float value) { return value; }
template <>
__device__ inline __nv_bfloat16 from_float<__nv_bfloat16>(float value) { return __float2bfloat16(value); }

// Lengths and strides are in chunks. Target t is the sum of the sources `first[t]` to `first[t + 1] - 1`.
struct GatherArguments {
  const void* bank;
  void* inner;
  uint32_t pixels, bank_stride, inner_stride, begin, targets;
  bool relu;
  uint16_t first[kMostChunks + 1], source[kMostChunks];
};

template <class T, int kLength>
__global__ void gather_kernel(const __grid_constant__ GatherArguments arguments) {
  __shared__ uint16_t first[kMostChunks + 1], source[kMostChunks];
  const uint32_t targets = arguments.targets;
  for (uint32_t i = threadIdx.x; i <= targets; i += kThreads) first[i] = arguments.first[i];
  for (uint32_t i = threadIdx.x; i < arguments.first[targets]; i += kThreads) source[i] = arguments.source[i];
  __syncthreads();
  using Values = Chunk<T, kLength>;
  const Values* bank = static_cast<const Values*>(arguments.bank);
  Values* inner = static_cast<Values*>(arguments.inner) + arguments.begin;
  const uint32_t total = arguments.pixels * targets;
  for (uint32_t i = blockIdx.x * kThreads + threadIdx.x; i < total; i += gridDim.x * kThreads) {
    const uint32_t pixel = i / targets, target = i - pixel * targets;
    const Values* row = bank + static_cast<int64_t>(pixel) * arguments.bank_stride;
    float sums[kLength] = {};
    for (uint32_t at = first[target]; at < first[target + 1]; ++at) {
      const Values values = row[source[at]];
#pragma unroll
      for (int c = 0; c < kLength; ++c) sums[c] += to_float(values.values[c]);
    }
    Values result;
#pragma unroll
    for (int c = 0; c < kLength; ++c) {
      // NaN must survive, so that divergence is seen.
      result.values[c] = from_float<T>(arguments.relu && sums[c] < 0.f ? 0.f : sums[c]);
    }
    inner[static_cast<int64_t>(pixel) * arguments.inner_stride + target] = result;
  }
}

struct ScatterArguments {
  void* bank;
  const void *inner, *mask;
  uint32_t pixels, bank_stride, inner_stride, count;
  uint16_t target[kMostChunks], source[kMostChunks];  // a source with kAdd adds
};

template <class T, int kLength>
__global__ void scatter_kernel(const __grid_constant__ ScatterArguments arguments) {
  __shared__ uint16_t targets[kMostChunks], sources[kMostChunks];
  const uint32_t count = arguments.count;
  for (uint32_t i = threadIdx.x; i < count; i += kThreads) {
    targets[i] = arguments.target[i];
    sources[i] = arguments.source[i];
  }
  __syncthreads();
  using Values = Chunk<T, kLength>;
  Values* bank = static_cast<Values*>(arguments.bank);
  const Values *inner = static_cast<const Values*>(arguments.inner), *mask = static_cast<const Values*>(arguments.mask);
  const uint32_t total = arguments.pixels * count;
  for (uint32_t i = blockIdx.x * kThreads + threadIdx.x; i < total; i += gridDim.x * kThreads) {
    const uint32_t pixel = i / count, at = i - pixel * count;
    const uint16_t source = sources[at];
    const int64_t from = static_cast<int64_t>(pixel) * arguments.inner_stride + (source & (kAdd - 1));
    Values& target = bank[static_cast<int64_t>(pixel) * arguments.bank_stride + targets[at]];
    const Values values = inner[from];
    float result[kLength];
#pragma unroll
    for (int c = 0; c < kLength; ++c) result[c] = to_float(values.values[c]);
    if (mask != nullptr) {
      const Values shown = mask[from];
#pragma unroll
      for (int c = 0; c < kLength; ++c) result[c] = to_float(shown.values[c]) > 0.f ? result[c] : 0.f;
    }
    Values written;
    if (source & kAdd) {
      const Values before = target;
#pragma unroll
      for (int c = 0; c < kLength; ++c) result[c] += to_float(before.values[c]);
    }
#pragma unroll
    for (int c = 0; c < kLength; ++c) written.values[c] = from_float<T>(result[c]);
    target = written;
  }
}

// Channels a thread moves at once: the largest power of two in every offset, length and stride, 16 bytes at most.
int64_t chunk_of(const Banks& banks, const Runs& runs) {
  int64_t divisor = kVectorBytes / (banks.element == Element::float32 ? sizeof(float) : sizeof(__nv_bfloat16));
  divisor = std::gcd(divisor, std::gcd(banks.bank_stride, banks.inner_stride));
  for (const Run& run : runs) divisor = std::gcd(divisor, std::gcd(run.inner, std::gcd(run.bank, run.length)));
  return divisor;
}

// Calls body(T, integral_constant chunk).
template <class Body>
void with_chunk(Element element, int64_t chunk, Body body) {
  const auto of_length = [&](auto type) {
    if constexpr (sizeof(type) * 8 <= kVectorBytes) {
      if (chunk == 8) return body(type, std::integral_constant<int, 8>());
    }
    switch (chunk) {
      case 4: return body(type, std::integral_constant<int, 4>());
      case 2: return body(type, std::integral_constant<int, 2>());
      default: return body(type, std::integral_constant<int, 1>());
    }
  };
  if (element == Element::float32) return of_length(float());
  of_length(__nv_bfloat16());
}

int blocks_for(uint32_t total) {
  return static_cast<int>(std::min<uint32_t>((total + kThreads - 1) / kThreads, kBlocksPerProcessor * processors()));
}

// Calls body(first pixel, pixels) for parts of which `chunks` a pixel can be counted in 31 bits.
template <class Body>
void for_parts(int64_t pixels, int64_t chunks, Body body) {
  const int64_t part = std::max<int64_t>(1, (int64_t{1} << 30) / std::max<int64_t>(1, chunks));
  for (int64_t first = 0; first < pixels; first += part) body(first, std::min(part, pixels - first));
}

template <class T>
T* at_pixel(T* data, int64_t pixel, int64_t stride, Element element) {
  const int64_t bytes = pixel * stride * (element == Element::float32 ? 4 : 2);
  if constexpr (std::is_const_v<T>) return static_cast<const char*>(data) + bytes;
  else return static_cast<char*>(data) + bytes;
}

}  // namespace

void gather(const Banks& banks, const Runs& runs, bool relu, void* stream) {
  const int64_t chunk = chunk_of(banks, runs), targets = banks.inner_stride / chunk;
  if (banks.bank_stride / chunk > UINT16_MAX) throw std::runtime_error("a bank buffer of too many channels");
  // The sources of target t, one after the other: those before `ends[t]`.
  std::vector<uint32_t> ends(targets + 1);
  for (const Run& run : runs) {
    for (int64_t at = 0; at < run.length; at += chunk) ++ends[(run.inner + at) / chunk + 1];
  }
  std::partial_sum(ends.begin(), ends.end(), ends.begin());
  std::vector<uint16_t> sources(ends[targets]);
  for (const Run& run : runs) {
    for (int64_t at = 0; at < run.length; at += chunk) {
      sources[ends[(run.inner + at) / chunk]++] = static_cast<uint16_t>((run.bank + at) / chunk);
    }
  }
  for (int64_t begin = 0; begin < targets;) {
    GatherArguments arguments;
    int64_t end = begin;
    const uint32_t before = begin == 0 ? 0 : ends[begin - 1];
    for (; end < targets && end - begin < kMostChunks && ends[end] - before <= kMostChunks; ++end) {
      arguments.first[end - begin + 1] = static_cast<uint16_t>(ends[end] - before);
    }
    if (end == begin) throw std::runtime_error("one channel is the sum of too many banks");
    arguments.first[0] = 0;
    std::copy(sources.begin() + before, sources.begin() + ends[end - 1], arguments.source);
    arguments.begin = static_cast<uint32_t>(begin);
    arguments.targets = static_cast<uint32_t>(end - begin);
    arguments.bank_stride = static_cast<uint32_t>(banks.bank_stride / chunk);
    arguments.inner_stride = static_cast<uint32_t>(targets);
    arguments.relu = relu;
    for_parts(banks.pixels, end - begin, [&](int64_t first, int64_t pixels) {
      arguments.bank = at_pixel(banks.bank, first, banks.bank_stride, banks.element);
      arguments.inner = at_pixel(banks.inner, first, banks.inner_stride, banks.element);
      arguments.pixels = static_cast<uint32_t>(pixels);
      with_chunk(banks.element, chunk, [&](auto type, auto length) {
        const uint32_t total = arguments.pixels * arguments.targets;
        gather_kernel<decltype(type), decltype(length)::value>
            <<<blocks_for(total), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(arguments);
      });
      check(cudaGetLastError());
    });
    begin = end;
  }
}

void scatter(const Banks& banks, const void* mask, const Runs& runs, void* stream) {
  const int64_t chunk = chunk_of(banks, runs);
  if (banks.bank_stride / chunk > UINT16_MAX || banks.inner_stride / chunk >= kAdd) {
    throw std::runtime_error("a bank buffer of too many channels");
  }
  ScatterArguments arguments;
  arguments.bank_stride = static_cast<uint32_t>(banks.bank_stride / chunk);
  arguments.inner_stride = static_cast<uint32_t>(banks.inner_stride / chunk);
  arguments.count = 0;
  const auto launch = [&] {
    for_parts(banks.pixels, arguments.count, [&](int64_t first, int64_t pixels) {
      arguments.bank = at_pixel(banks.bank, first, banks.bank_stride, banks.element);
      arguments.inner = at_pixel(banks.inner, first, banks.inner_stride, banks.element);
      arguments.mask = mask == nullptr ? nullptr : at_pixel(mask, first, banks.inner_stride, banks.element);
      arguments.pixels = static_cast<uint32_t>(pixels);
      with_chunk(banks.element, chunk, [&](auto type, auto length) {
        const uint32_t total = arguments.pixels * arguments.count;
        scatter_kernel<decltype(type), decltype(length)::value>
            <<<blocks_for(total), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(arguments);
      });
      check(cudaGetLastError());
    });
    arguments.count = 0;
  };
  for (const Run& run : runs) {
    for (int64_t at = 0; at < run.length; at += chunk) {
      arguments.target[arguments.count] = static_cast<uint16_t>((run.bank + at) / chunk);
      arguments.source[arguments.count] = static_cast<uint16_t>((run.inner + at) / chunk | (run.add ? kAdd : 0));
      if (++arguments.count == kMostChunks) launch();
    }
  }
  if (arguments.count > 0) launch();
}

namespace {

// Channels are in chunks.
struct PatchArguments {
  const void *x, *patches_in;
  void *patches, *dx;
  uint32_t pixels, height, width, channels, group_channels;
  int32_t kernel_height, kernel_width, dilation_height, dilation_width;
  bool relu;
};

// Where the chunk of a pixel and tap lies in the patches.
__device__ inline int64_t patch_place(const PatchArguments& a, uint32_t pixel, uint32_t tap, uint32_t channel) {
  const uint32_t group = channel / a.group_channels;
  const int64_t row = static_cast<int64_t>(group) * a.pixels + pixel;
  return (row * (a.kernel_height * a.kernel_width) + tap) * a.group_channels + channel - group * a.group_channels;
}

// The pixel that a tap of `pixel` reads (direction 1), or that reads it (-1); negative outside the image.
__device__ inline int64_t neighbour(const PatchArguments& a, uint32_t pixel, uint32_t tap, int32_t direction) {
  const int32_t column = pixel % a.width, row = pixel / a.width % a.height;
  const int32_t tap_row = tap / a.kernel_width, tap_column = tap % a.kernel_width;
  const int32_t down = direction * (tap_row - a.kernel_height / 2) * a.dilation_height;
  const int32_t right = direction * (tap_column - a.kernel_width / 2) * a.dilation_width;
  const bool is_inside = row + down >= 0 && row + down < static_cast<int32_t>(a.height) && column + right >= 0 &&
                         column + right < static_cast<int32_t>(a.width);
  return is_inside ? static_cast<int64_t>(pixel) + down * static_cast<int32_t>(a.width) + right : -1;
}

template <class T, int kLength>
__global__ void unfold_kernel(const PatchArguments a) {
  using Values = Chunk<T, kLength>;
  const Values* x = static_cast<const Values*>(a.x);
  Values* patches = static_cast<Values*>(a.patches);
  const uint32_t taps = a.kernel_height * a.kernel_width, total = a.pixels * taps * a.channels;
  for (uint32_t i = blockIdx.x * kThreads + threadIdx.x; i < total; i += gridDim.x * kThreads) {
    const uint32_t row = i / a.channels, channel = i - row * a.channels, pixel = row / taps, tap = row - pixel * taps;
    const int64_t from = neighbour(a, pixel, tap, 1);
    Values values;
    if (from >= 0) values = x[from * a.channels + channel];
#pragma unroll
    for (int c = 0; c < kLength; ++c) {
      const float value = from >= 0 ? to_float(values.values[c]) : 0.f;
      values.values[c] = from_float<T>(a.relu && value < 0.f ? 0.f : value);
    }
    patches[patch_place(a, pixel, tap, channel)] = values;
  }
}

template <class T, int kLength>
__global__ void fold_kernel(const PatchArguments a) {
  using Values = Chunk<T, kLength>;
  const Values *patches = static_cast<const Values*>(a.patches_in), *x = static_cast<const Values*>(a.x);
  Values* dx = static_cast<Values*>(a.dx);
  const uint32_t taps = a.kernel_height * a.kernel_width, total = a.pixels * a.channels;
  for (uint32_t i = blockIdx.x * kThreads + threadIdx.x; i < total; i += gridDim.x * kThreads) {
    const uint32_t pixel = i / a.channels, channel = i - pixel * a.channels;
    float sums[kLength] = {};
    for (uint32_t tap = 0; tap < taps; ++tap) {
      const int64_t from = neighbour(a, pixel, tap, -1);
      if (from < 0) continue;
      const Values values = patches[patch_place(a, static_cast<uint32_t>(from), tap, channel)];
#pragma unroll
      for (int c = 0; c < kLength; ++c) sums[c] += to_float(values.values[c]);
    }
    Values shown, result;
    if (a.relu) shown = x[i];
#pragma unroll
    for (int c = 0; c < kLength; ++c) {
      result.values[c] = from_float<T>(a.relu && !(to_float(shown.values[c]) > 0.f) ? 0.f : sums[c]);
    }
    dx[i] = result;
  }
}

int64_t chunk_of(const Patches& shape) {
  const int64_t most = kVectorBytes / (shape.element == Element::float32 ? sizeof(float) : sizeof(__nv_bfloat16));
  return std::gcd(most, shape.channels / shape.groups);
}

PatchArguments patch_arguments(const Patches& shape) {
  const int64_t chunk = chunk_of(shape);
  PatchArguments a{};
  a.pixels = static_cast<uint32_t>(shape.batch * shape.height * shape.width);
  a.height = static_cast<uint32_t>(shape.height);
  a.width = static_cast<uint32_t>(shape.width);
  a.channels = static_cast<uint32_t>(shape.channels / chunk);
  a.group_channels = static_cast<uint32_t>(shape.channels / shape.groups / chunk);
  a.kernel_height = static_cast<int32_t>(shape.kernel[0]);
  a.kernel_width = static_cast<int32_t>(shape.kernel[1]);
  a.dilation_height = static_cast<int32_t>(shape.dilation[0]);
  a.dilation_width = static_cast<int32_t>(shape.dilation[1]);
  a.relu = shape.relu;
  const int64_t values = shape.batch * shape.height * shape.width * shape.kernel[0] * shape.kernel[1] * shape.channels / chunk;
  if (values >= (int64_t{1} << 31)) throw std::runtime_error("more patches than one launch counts");
  return a;
}

}  // namespace

void unfold(const Patches& shape, const void* x, void* patches, void* stream) {
  PatchArguments arguments = patch_arguments(shape);
  arguments.x = x;
  arguments.patches = patches;
  with_chunk(shape.element, chunk_of(shape), [&](auto type, auto length) {
    const uint32_t total = arguments.pixels * static_cast<uint32_t>(shape.kernel[0] * shape.kernel[1]) * arguments.channels;
    unfold_kernel<decltype(type), decltype(length)::value>
        <<<blocks_for(total), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(arguments);
  });
  check(cudaGetLastError());
}

void fold(const Patches& shape, const void* patches, const void* x, void* dx, void* stream) {
  PatchArguments arguments = patch_arguments(shape);
  arguments.x = x;
  arguments.patches_in = patches;
  arguments.dx = dx;
  with_chunk(shape.element, chunk_of(shape), [&](auto type, auto length) {
    const uint32_t total = arguments.pixels * arguments.channels;
    fold_kernel<decltype(type), decltype(length)::value>
        <<<blocks_for(total), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(arguments);
  });
  check(cudaGetLastError());
}

namespace {

constexpr int kWeightThreads = 1024;

struct WeightArguments {
  BrickOutput output;
  float* norms;
  float tiny;
  GeneratedWeight weights[kMostWeights];
};
static_assert(sizeof(GatherArguments) <= 4096 && sizeof(ScatterArguments) <= 4096 && sizeof(WeightArguments) <= 4096,
              "arguments of a launch are 4 KiB at most");

// Where value i of a weight comes from.
__device__ int64_t place_of(const BrickOutput& output, const GeneratedWeight& w, int32_t row, int32_t input) {
  const int32_t taps = w.height * w.width, out = row / taps, tap = row - out * taps;
  const int32_t y = tap / w.width + (output.kernel - w.height) / 2, x = tap % w.width + (output.kernel - w.width) / 2;
  const int32_t brick = input / output.inputs;
  const int64_t channel =
      (static_cast<int64_t>(y * output.kernel + x) * output.outputs + out % output.outputs) * output.inputs + input - brick * output.inputs;
  return out / output.outputs * output.row_stride + channel * output.channel_stride + (w.start + brick % w.columns) * output.column_stride;
}

// The sum over all threads of the block, for all of them.
__device__ float sum_over_block(float value) {
  __shared__ float sums[kWeightThreads / 32];
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(~0u, value, step);
  if (threadIdx.x % 32 == 0) sums[threadIdx.x / 32] = value;
  __syncthreads();
  value = sums[threadIdx.x % 32];
  for (int step = 16; step > 0; step /= 2) value += __shfl_xor_sync(~0u, value, step);
  return value;
}

__global__ void __launch_bounds__(kWeightThreads) generate_kernel(const __grid_constant__ WeightArguments arguments) {
  const GeneratedWeight& w = arguments.weights[blockIdx.x];
  const int32_t size = w.outputs * w.height * w.width * w.inputs;
  float squares = 0.f;
  for (int32_t i = threadIdx.x; i < size; i += kWeightThreads) {
    const int32_t row = i / w.inputs;
    const float value = arguments.output.data[place_of(arguments.output, w, row, i - row * w.inputs)];
    w.weight[i] = value;
    squares += value * value;
  }
  const float norm = fmaxf(sqrtf(sum_over_block(squares)), arguments.tiny);
  if (threadIdx.x == 0) arguments.norms[blockIdx.x] = norm;
  for (int32_t i = threadIdx.x; i < size; i += kWeightThreads) w.weight[i] = w.weight[i] / norm * w.gain;
}

// With w = gain * u, u = v / |v|: the part of the gradient orthogonal to u, times gain over the norm of v.
__global__ void __launch_bounds__(kWeightThreads) gradient_kernel(const __grid_constant__ WeightArguments arguments) {
  const GeneratedWeight& w = arguments.weights[blockIdx.x];
  if (w.gradient == nullptr) return;
  const int32_t size = w.outputs * w.height * w.width * w.inputs;
  float products = 0.f;
  for (int32_t i = threadIdx.x; i < size; i += kWeightThreads) products += w.weight[i] / w.gain * w.gradient[i];
  const float along = sum_over_block(products), factor = w.gain / arguments.norms[blockIdx.x];
  // Inputs that go over the columns again share their places: one thread adds up each.
  const int32_t period = w.columns * arguments.output.inputs;
  for (int32_t i = threadIdx.x; i < size; i += kWeightThreads) {
    const int32_t row = i / w.inputs, input = i - row * w.inputs;
    if (input >= period) continue;
    float sum = 0.f;
    for (int32_t again = 0; input + again < w.inputs; again += period) {
      sum += (w.gradient[i + again] - w.weight[i + again] / w.gain * along) * factor;
    }
    // Atomic for callers whose weights share places; those of a HyperNet, one for each layer, never do.
    atomicAdd(arguments.output.data + place_of(arguments.output, w, row, input), sum);
  }
}

template <class Kernel>
void for_weights(const BrickOutput& output, const std::vector<GeneratedWeight>& weights, float* norms, float tiny, void* stream,
                 Kernel kernel) {
  for (size_t begin = 0; begin < weights.size(); begin += kMostWeights) {
    const size_t count = std::min<size_t>(kMostWeights, weights.size() - begin);
    WeightArguments arguments{output, norms + begin, tiny, {}};
    std::copy_n(weights.begin() + begin, count, arguments.weights);
    kernel<<<static_cast<int>(count), kWeightThreads, 0, static_cast<cudaStream_t>(stream)>>>(arguments);
    check(cudaGetLastError());
  }
}

}  // namespace

void generate_weights(const BrickOutput& output, const std::vector<GeneratedWeight>& weights, float* norms, float tiny, void* stream) {
  for_weights(output, weights, norms, tiny, stream, generate_kernel);
}

void add_generated_gradients(const BrickOutput& gradient, const std::vector<GeneratedWeight>& weights, const float* norms, void* stream) {
  for_weights(gradient, weights, const_cast<float*>(norms), 0.f, stream, gradient_kernel);
}

}  // namespace smash::cuda
