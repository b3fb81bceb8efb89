// Copies between a bank buffer and the tensor that is read from it or written to it, pixel by pixel.
#pragma once

#include <ATen/ATen.h>

#include <limits>
#include <numeric>
#include <vector>

#include "bank_runs.h"
#include "chunk.h"
#include "op_table.h"

namespace smash {

// Cuts runs into chunks of the largest size that divides every offset and length, and calls body(chunk, chunks).
template <class Body>
void with_chunks(const Runs& runs, Body body) {
  int64_t divisor = kMostChunk;
  for (const Run& run : runs) divisor = std::gcd(divisor, std::gcd(run.inner, std::gcd(run.bank, run.length)));
  Runs chunks;
  for (const Run& run : runs) {
    for (int64_t at = 0; at < run.length; at += divisor) {
      chunks.push_back({run.inner + at, run.bank + at, divisor, run.add});
    }
  }
  with_chunk(divisor, [&](auto chunk) { body(chunk, chunks); });
}

// inner (+)= relu?(bank), `pixels` pixels of `inner_stride` and `bank_stride` elements.
template <class T, int64_t kChunk>
void gather_pixels(const T* bank, int64_t bank_stride, T* inner, int64_t inner_stride, int64_t pixels, const Runs& chunks,
                   bool relu) {
  using Lanes = Chunk<kChunk>;
  const typename Lanes::Vector floor = typename Lanes::Vector{} + (relu ? 0.f : -std::numeric_limits<float>::infinity());
  for (int64_t pixel = 0; pixel < pixels; ++pixel, bank += bank_stride, inner += inner_stride) {
    for (const Run& chunk : chunks) {
      const auto value = Lanes::load(bank + chunk.bank);
      T* target = inner + chunk.inner;
      // NaN must survive, so that divergence is seen.
      Lanes::store(chunk.add ? Lanes::load(target) + value : value < floor ? floor : value, target);
    }
  }
}

// bank (+)= inner, where `mask` (if any) is positive.
template <class T, int64_t kChunk, bool kMasked>
void scatter_pixels(T* bank, int64_t bank_stride, const T* inner, const T* mask, int64_t inner_stride, int64_t pixels,
                    const Runs& chunks) {
  using Lanes = Chunk<kChunk>;
  for (int64_t pixel = 0; pixel < pixels; ++pixel, bank += bank_stride, inner += inner_stride) {
    for (const Run& chunk : chunks) {
      auto value = Lanes::load(inner + chunk.inner);
      if constexpr (kMasked) value = Lanes::load(mask + chunk.inner) > 0.f ? value : typename Lanes::Vector{};
      T* target = bank + chunk.bank;
      Lanes::store(chunk.add ? Lanes::load(target) + value : value, target);
    }
    if (kMasked) mask += inner_stride;
  }
}

// Calls body(gather): `gather` writes `count` pixels of `channels` from pixel `first` of the banks on, through ReLU if asked, as
// a `PixelSource` does.
template <class Body>
void with_gather(const Runs& runs, const float* banks, int64_t stride, int64_t channels, bool relu, Body body) {
  with_chunks(runs, [&](auto chunk, const Runs& chunks) {
    body([&](int64_t first, int64_t count, float* out) {
      gather_pixels<float, decltype(chunk)::value>(banks + first * stride, stride, out, channels, count, chunks, relu);
    });
  });
}

// Calls body(scatter): the same the other way, as a `PixelSink` does.
template <class Body>
void with_scatter(const Runs& runs, float* banks, int64_t stride, int64_t channels, Body body) {
  with_chunks(runs, [&](auto chunk, const Runs& chunks) {
    body([&](int64_t first, int64_t count, const float* values) {
      scatter_pixels<float, decltype(chunk)::value, false>(banks + first * stride, stride, values, nullptr, channels, count, chunks);
    });
  });
}

inline Tensor new_banks(const Tensor& like, int64_t channels) {
  return at::empty({like.size(0), channels, like.size(2), like.size(3)}, like.options(), at::MemoryFormat::ChannelsLast);
}

// Banks in `banks` (indices, ascending) as runs, neighbours merged.
inline Runs read_runs(const Ints& banks, int64_t width) {
  Runs runs;
  int64_t inner = 0;
  for (const int64_t bank : banks) {
    if (!runs.empty() && runs.back().bank + runs.back().length == bank * width) {
      runs.back().length += width;
    } else {
      runs.push_back({inner, bank * width, width, false});
    }
    inner += width;
  }
  return runs;
}

// Bank j of `banks` takes slice j mod (units / width) of the value; the first `occupied` banks of the buffer add.
inline Runs write_runs(const Ints& banks, int64_t width, int64_t units, int64_t occupied) {
  Runs runs;
  const int64_t slices = units / width;
  for (size_t j = 0; j < banks.size(); ++j) {
    runs.push_back({static_cast<int64_t>(j) % slices * width, banks[j] * width, width, banks[j] < occupied});
  }
  return runs;
}

// Ascending banks are what lets the backward pass of the last read zero just the gaps.
inline void check_banks(const Tensor& buffer, const Ints& banks, int64_t width) {
  TORCH_CHECK(buffer.dim() == 4, "a bank buffer has 4 dimensions");
  TORCH_CHECK(width > 0 && !banks.empty(), "at least one bank of at least one channel");
  int64_t before = -1;
  for (const int64_t bank : banks) {
    TORCH_CHECK(bank > before, "banks must be ascending, got ", at::IntArrayRef(banks));
    TORCH_CHECK((bank + 1) * width <= buffer.size(1), "bank ", bank, " of ", width,
                " channels lies outside the buffer");
    before = bank;
  }
}

// The kernels trust these shapes. Empty banks fill in order: one left out would be read before it holds anything.
inline void check_value(const Tensor& buffer, at::IntArrayRef value, const Ints& banks, int64_t width, int64_t occupied) {
  TORCH_CHECK(value.size() == 4 && value[0] == buffer.size(0) && value[2] == buffer.size(2) && value[3] == buffer.size(3),
              "value ", value, " does not fit banks ", buffer.sizes());
  TORCH_CHECK(value[1] > 0 && value[1] % width == 0, "units must be a multiple of the bank's ", width, " channels");
  TORCH_CHECK(static_cast<int64_t>(banks.size()) * width >= value[1], "fewer banks than slices");
  for (const int64_t bank : banks) {
    TORCH_CHECK(bank <= occupied, "bank ", bank, " is written while bank ", occupied, " is empty");
    occupied = std::max(occupied, bank + 1);
  }
}

// Marks the gradient buffer of a block as new: what the last read does not touch is zero, what it touches is set.
inline Tensor start_gradient(const Tensor& like, int64_t channels, Runs& runs) {
  const Tensor buffer = new_banks(like, channels);
  int64_t covered = 0;
  for (Run& run : runs) {
    run.add = false;
    if (run.bank > covered) buffer.narrow(1, covered, run.bank - covered).zero_();
    covered = run.bank + run.length;
  }
  if (covered < channels) buffer.narrow(1, covered, channels - covered).zero_();
  return buffer;
}

// For every bank a slice of the value went to, in rounds of cyclic reuse: the first sets, each further one adds.
inline Runs slice_gradient_runs(const Ints& banks, int64_t width, int64_t units) {
  Runs runs;
  const int64_t slices = units / width;
  for (size_t j = 0; j < banks.size(); ++j) {
    const int64_t position = static_cast<int64_t>(j);
    runs.push_back({position % slices * width, banks[j] * width, width, position >= slices});
  }
  return runs;
}

// What `write_runs` describes, through libtorch's graph, for any device, type and layout: the buffer.
Tensor write_banks(const Tensor& buffer, const Tensor& value, const Ints& banks, int64_t width, int64_t occupied);

}  // namespace smash
