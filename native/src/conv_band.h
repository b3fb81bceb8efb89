// What a convolution works on: groups merged into blocks, outputs cut into pieces, images cut into bands of rows.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <vector>

#include "conv_kernel.h"
#include "conv_tile.h"

namespace smash {

// Bytes of each operand a task works on: with two or three of them, a usual second-level cache.
constexpr int64_t kBandBytes = 256 << 10;
constexpr int64_t kMostTaps = kMostKernel * kMostKernel;

// Floats on a cache line's boundary: a vector that straddles two lines costs twice. Readable a tile beyond their end.
class Floats {
 public:
  // At least `count` of them, with any content; what was there before may be gone.
  float* take(size_t count) {
    if (count > size_) {
      data_.reset(static_cast<float*>(::operator new((count + kLanes * kTileVectors) * sizeof(float), kLine)));
      size_ = count;
    }
    return data_.get();
  }

  float* take_zeros(size_t count) {
    std::memset(take(count), 0, count * sizeof(float));
    return data_.get();
  }

  // The same memory for `count` halves.
  Half* take_halves(size_t count) { return reinterpret_cast<Half*>(take((count + 1) / 2)); }

  float* data() const { return data_.get(); }
  const Half* halves() const { return reinterpret_cast<const Half*>(data_.get()); }

 private:
  static constexpr std::align_val_t kLine{64};
  struct Free {
    void operator()(float* data) const { ::operator delete(data, kLine); }
  };
  std::unique_ptr<float, Free> data_;
  size_t size_ = 0;
};

// Groups merged so that their outputs fill a vector: off-diagonal weights are zero, and no instruction is added, since
// a vector of one group's few outputs would cost the same.
struct Blocks {
  int64_t count, groups, inputs, outputs;  // `groups`, `inputs`, `outputs` of one block
};

inline Blocks merge_groups(int64_t groups, int64_t inputs, int64_t outputs) {
  int64_t merged = 1;
  for (int64_t next = 1; next <= groups; ++next) {
    if (groups % next != 0) continue;
    merged = next;
    if (next * (outputs / groups) >= kLanes) break;
  }
  return {groups / merged, merged, inputs / groups * merged, outputs / groups * merged};
}

// Vectors that hold so many channels, the last one perhaps in part.
inline int64_t vectors_of(int64_t channels) { return (channels + kLanes - 1) / kLanes; }

// The output channels of a block cut into pieces of at most kTileVectors vectors, evenly. A channel has `share` lanes.
struct Piece {
  int64_t first;  // channel in the block
  int vectors;
};

inline std::vector<Piece> cut_outputs(int64_t outputs, int64_t share = 1) {
  const int64_t vectors = vectors_of(outputs * share);
  const int64_t count = (vectors + kTileVectors - 1) / kTileVectors;
  std::vector<Piece> pieces;
  int64_t at = 0;
  for (int64_t piece = 0; piece < count; ++piece) {
    const int64_t size = (vectors - at + count - piece - 1) / (count - piece);
    pieces.push_back({at * kLanes / share, static_cast<int>(size)});
    at += size;
  }
  return pieces;
}

// Whether this processor multiplies halves, and is asked to.
inline bool rounds_factors(const ConvShape& s) {
#if defined(__AVX512BF16__)
  return s.bfloat16;
#else
  return false;
#endif
}

// A product of halves against one of floats, in a 3x3 convolution with both gradients. Measured.
constexpr double kRateOfHalves = 1.6;

// Outputs along an axis of the tiles of conv_winograd.h.
constexpr int kTileSide = 4;

// How an image is cut into bands of rows, each one task, and how the rows of one input lie in memory.
struct Bands {
  int64_t rows, count;  // rows of a band, bands of an image
  int64_t pad[2];       // height, width

  Bands(const ConvShape& s, int64_t channels) {
    for (int axis = 0; axis < 2; ++axis) pad[axis] = s.dilation[axis] * (s.kernel[axis] - 1) / 2;
    const int64_t row = (s.width + 2 * pad[1]) * channels * static_cast<int64_t>(sizeof(float));
    rows = std::clamp<int64_t>(kBandBytes / row - 2 * pad[0], std::min<int64_t>(4, s.height), s.height);
    count = (s.height + rows - 1) / rows;
    rows = (s.height + count - 1) / count;
    // Whole tiles.
    const int64_t tile = kTileSide * s.dilation[0];
    rows = std::min(s.height, (rows + tile - 1) / tile * tile);
    count = (s.height + rows - 1) / rows;
  }
};

// The rows of one band, zero pixels around them, ReLU applied. Read where they lie if nothing has to be done to them.
struct Band {
  const float* data;
  int64_t row;  // floats from one row to the next

  Band(const ConvShape& s, const Bands& bands, int64_t channels, const PixelSource& source, int64_t image, int64_t first,
       int64_t last, Floats& scratch) {
    const int64_t* pad = bands.pad;
    const int64_t inner = s.width * channels, side = pad[1] * channels, origin = image * s.height;
    float* dense = source.dense == nullptr ? nullptr : source.dense + (image - source.first_image) * s.height * inner;
    if (pad[0] == 0 && pad[1] == 0 && source.relu != Relu::apply && dense != nullptr) {
      float* direct = dense + first * inner;
      if (source.gather) source.gather((origin + first) * s.width, (last - first) * s.width, direct);
      data = direct;
      row = inner;
      return;
    }
    row = inner + 2 * side;
    float* out = scratch.take((bands.rows + 2 * pad[0]) * row);
    data = out;
    for (int64_t y = first - pad[0]; y < last + pad[0]; ++y, out += row) {
      if (y < 0 || y >= s.height) {
        std::memset(out, 0, row * sizeof(float));
        continue;
      }
      std::memset(out, 0, side * sizeof(float));
      float* target = out + side;
      if (source.gather) source.gather((origin + y) * s.width, s.width, target);
      const float* from = source.gather ? target : dense + y * inner;
      if (source.relu == Relu::apply) {
        // NaN must survive, so that divergence is seen.
        for (int64_t i = 0; i < inner; ++i) target[i] = from[i] < 0.f ? 0.f : from[i];
      } else if (from != target) {
        std::memcpy(target, from, inner * sizeof(float));
      }
      std::memset(target + inner, 0, side * sizeof(float));
    }
  }

  // The first pixel of the band itself, without what surrounds it.
  const float* inside(const Bands& bands, int64_t channels) const {
    return data + bands.pad[0] * row + bands.pad[1] * channels;
  }
};

// A 1x1 convolution does not care about rows: long ones make full tiles.
inline ConvShape flattened(ConvShape s) {
  if (s.kernel[0] == 1 && s.kernel[1] == 1) {
    s.dilation[0] = s.dilation[1] = 1;
    s.width *= s.height;
    s.height = 1;
    const int64_t channels = std::max(s.inputs, s.outputs);
    while (s.width % 2 == 0 && s.width * channels * static_cast<int64_t>(sizeof(float)) > kBandBytes / 2) {
      s.width /= 2;
      s.height *= 2;
    }
  }
  return s;
}

// Rows of a kernel (or of a band) from `first` to before `last`.
struct Span {
  int64_t first, last;
};

// The rows of the kernel that reach pixels of the image from image rows `y` to `y + rows - 1`: what lies outside is zero.
inline Span kernel_rows(const ConvShape& s, int64_t y, int64_t rows = 1) {
  const int64_t step = s.dilation[0], pad = step * (s.kernel[0] - 1) / 2;
  const int64_t above = pad - (y + rows - 1), below = s.height - 1 + pad - y;
  return {above <= 0 ? 0 : (above + step - 1) / step, std::min(s.kernel[0], below / step + 1)};
}

// Of `rows` rows of a band that begins at image row `y`, those from which row `tap` of the kernel reaches the image.
inline Span rows_reached(const ConvShape& s, int64_t tap, int64_t y, int64_t rows) {
  const int64_t shift = s.dilation[0] * (tap - (s.kernel[0] - 1) / 2);
  return {std::max<int64_t>(0, -shift - y), std::min(rows, s.height - shift - y)};
}

// Taps of a row of the kernel that are neighbours in memory are one: longer loops, fuller tiles.
inline bool has_joined_taps(const ConvShape& s, const Blocks& blocks) { return s.dilation[1] == 1 && blocks.count == 1; }

// Calls body(image, its rows) for the bands [begin, end) of all images.
template <class Body>
void for_bands(const ConvShape& s, const Bands& bands, int64_t begin, int64_t end, Body body) {
  for (int64_t band = begin; band < end; ++band) {
    const int64_t first = band % bands.count * bands.rows;
    body(band / bands.count, Span{first, std::min(s.height, first + bands.rows)});
  }
}

// Lends `write` the place of the results of an image's rows `first` to before `last`: in the sink's memory, or in scratch that is
// then handed on.
template <class Write>
void emit(const PixelSink& sink, const ConvShape& s, int64_t image, const Span& rows, int64_t channels, Floats& scratch, Write write) {
  const int64_t count = (rows.last - rows.first) * s.width;
  if (!sink.scatter) return write(sink.dense + ((image - sink.first_image) * s.height + rows.first) * s.width * channels);
  float* target = scratch.take(count * channels);
  write(target);
  sink.scatter((image * s.height + rows.first) * s.width, count, target);
}

}  // namespace smash
