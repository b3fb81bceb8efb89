// 3x3 convolutions by minimal filtering of Winograd, F(4x4, 3x3) (Lavin and Gray 2016): 36 products for a tile of sixteen
// outputs where taps take 144, and transforms before and after them. Of a dilated convolution's pixels every one belongs to
// one of several images that lie in each other, and each of these has its own tiles.
#pragma once

#include <algorithm>
#include <vector>

#include "conv_band.h"

namespace smash {

// What the outputs of a tile along an axis are made of, and the products of both axes.
constexpr int kPoints = kTileSide + 2, kProducts = kPoints * kPoints;

// One axis of a tile. Products are of the values of polynomials at 0, a, -a, b, -b and infinity, with a = sqrt(1/2) and
// b = sqrt(2): there they are of similar size, and rounding costs half of what it costs at 1 and 2.
namespace filtering {

constexpr float kA = .70710678f, kB = 1.41421356f;  // their squares: 1/2 and 2

inline void weights(const Vector (&tap)[3], Vector (&to)[6]) {
  const Vector a = (tap[0] + tap[2] * .5f) * (-2 / 3.f), b = (tap[0] + tap[2] * 2.f) * (1 / 6.f);
  to[0] = tap[0];
  to[1] = a - tap[1] * (kA * 2 / 3);
  to[2] = a + tap[1] * (kA * 2 / 3);
  to[3] = b + tap[1] * (kB / 6);
  to[4] = b - tap[1] * (kB / 6);
  to[5] = tap[2];
}

inline void inputs(const Vector (&x)[6], Vector (&to)[6]) {
  const Vector even_a = x[4] - x[2] * 2.f, odd_a = x[3] - x[1] * 2.f;
  const Vector even_b = x[4] - x[2] * .5f, odd_b = x[3] - x[1] * .5f;
  to[0] = x[0] - x[2] * 2.5f + x[4];
  to[1] = even_a + odd_a * kA;
  to[2] = even_a - odd_a * kA;
  to[3] = even_b + odd_b * kB;
  to[4] = even_b - odd_b * kB;
  to[5] = x[1] - x[3] * 2.5f + x[5];
}

inline void outputs(const Vector (&product)[6], Vector (&y)[4]) {
  const Vector even_a = product[1] + product[2], odd_a = (product[1] - product[2]) * kA;
  const Vector even_b = product[3] + product[4], odd_b = (product[3] - product[4]) * kB;
  y[0] = product[0] + even_a + even_b;
  y[1] = odd_a + odd_b;
  y[2] = even_a * .5f + even_b * 2.f;
  y[3] = odd_a * .5f + odd_b * 2.f + product[5];
}

// What products get of the gradients of outputs, and taps of those of products: `outputs` and `weights` transposed.
inline void gradients(const Vector (&dy)[4], Vector (&to)[6]) {
  const Vector even_a = dy[0] + dy[2] * .5f, odd_a = (dy[1] + dy[3] * .5f) * kA;
  const Vector even_b = dy[0] + dy[2] * 2.f, odd_b = (dy[1] + dy[3] * 2.f) * kB;
  to[0] = dy[0];
  to[1] = even_a + odd_a;
  to[2] = even_a - odd_a;
  to[3] = even_b + odd_b;
  to[4] = even_b - odd_b;
  to[5] = dy[3];
}

inline void sums(const Vector (&sum)[6], Vector (&tap)[3]) {
  const Vector even_a = (sum[1] + sum[2]) * (-2 / 3.f), even_b = (sum[3] + sum[4]) * (1 / 6.f);
  tap[0] = sum[0] + even_a + even_b;
  tap[1] = (sum[2] - sum[1]) * (kA * 2 / 3) + (sum[3] - sum[4]) * (kB / 6);
  tap[2] = even_a * .5f + even_b * 2.f + sum[5];
}

}  // namespace filtering

// Calls body(first output, outputs that there are: 1 to 4) for the tiles along an axis.
template <class Body>
void for_tiles_along(int64_t length, int64_t dilation, Body body) {
  for (int64_t phase = 0; phase < std::min(length, dilation); ++phase) {
    for (int64_t at = phase; at < length; at += kTileSide * dilation) {
      body(at, std::min<int64_t>(kTileSide, (length - at + dilation - 1) / dilation));
    }
  }
}

// Whether tiles take fewer cycles than taps, which take `multiply` for a pixel each; `product`: what each of a tile's
// products takes.
inline bool suits_winograd(const ConvShape& s, double multiply, double product) {
  if (s.kernel[0] != 3 || s.kernel[1] != 3) return false;
  double tiles[2] = {};
  for_tiles_along(s.height, s.dilation[0], [&](int64_t, int64_t) { ++tiles[0]; });
  for_tiles_along(s.width, s.dilation[1], [&](int64_t, int64_t) { ++tiles[1]; });
  // Of a vector of inputs and of outputs. Measured on processors that multiply half a register, and a whole one, at a time.
  const auto transforms = static_cast<double>(90 * vectors_of(s.inputs) + 72 * vectors_of(s.outputs));
  // Taps that lie above or below the image are left out.
  const double rows = static_cast<double>(3 * s.height - 2 * std::min(s.height, s.dilation[0]));
  return tiles[0] * tiles[1] * (kProducts * product + transforms) < rows * static_cast<double>(s.width) * 3 * multiply;
}

// What tiles are made of before and after the products: [product][tile, channel], of as many tiles as the cache holds.
struct TilePlanes {
  int64_t tiles, channels, size;  // floats of a plane

  TilePlanes(int64_t tiles, int64_t channels)
      // A cache line more: planes a power of two apart would share a few lines of the cache.
      : tiles(tiles), channels(channels), size(tiles * channels + kLanes) {}

  float* take(Floats& scratch) const { return scratch.take(kProducts * size); }
};

// Outputs of a tile lie in whole vectors.
inline int64_t whole_vectors(int64_t channels) { return vectors_of(channels) * kLanes; }

// How many tiles are worked on at a time: as many as lie in so many bytes.
inline int64_t tiles_at_a_time(const ConvShape& s, int64_t bytes) {
  const int64_t tile = kProducts * (s.inputs + whole_vectors(s.outputs)) * static_cast<int64_t>(sizeof(float));
  return std::clamp<int64_t>(bytes / tile / 16 * 16, 16, 128);
}

inline Vector& vector_at(float* data) { return *reinterpret_cast<Vector*>(data); }
inline const Vector& vector_at(const float* data) { return *reinterpret_cast<const Vector*>(data); }

// A square of vectors, load(row, column), transformed along its columns and then along its rows, to store(row, column, vector).
template <size_t kFrom, size_t kTo, class Load, class Store>
inline __attribute__((always_inline)) void transform_square(void (*along)(const Vector (&)[kFrom], Vector (&)[kTo]), Load load, Store store) {
  Vector half[kTo][kFrom];  // [row][column]
#pragma GCC unroll 6
  for (size_t column = 0; column < kFrom; ++column) {
    Vector values[kFrom], results[kTo];
#pragma GCC unroll 6
    for (size_t row = 0; row < kFrom; ++row) values[row] = load(row, column);
    along(values, results);
#pragma GCC unroll 6
    for (size_t row = 0; row < kTo; ++row) half[row][column] = results[row];
  }
#pragma GCC unroll 6
  for (size_t row = 0; row < kTo; ++row) {
    Vector results[kTo];
    along(half[row], results);
#pragma GCC unroll 6
    for (size_t column = 0; column < kTo; ++column) store(row, column, results[column]);
  }
}

// Packed weights [block, piece][9 taps][...] to [block, piece][product][...].
inline Floats transform_weights(const float* packed, const std::vector<int64_t>& lengths) {
  int64_t total = 0;
  for (const int64_t length : lengths) total += length;
  Floats transformed;
  float* out = transformed.take(kProducts * total);
  for (const int64_t length : lengths) {
    for (int64_t at = 0; at < length; at += kLanes) {
      transform_square(
          filtering::weights, [&](size_t row, size_t column) { return vector_at(packed + (row * 3 + column) * length + at); },
          [&](size_t row, size_t column, Vector value) { vector_at(out + (row * kPoints + column) * length + at) = value; });
    }
    packed += 9 * length;
    out += kProducts * length;
  }
  return transformed;
}

struct WinogradTile {
  int64_t y, x;           // its first output, in the band
  int64_t height, width;  // its outputs within the band
  int64_t rows[kPoints], columns[kPoints];  // of its inputs, in floats from the band's first
};

// The tiles of a band of `rows` rows whose inputs lie in `x`.
inline void list_tiles(const ConvShape& s, const Band& x, int64_t rows, std::vector<WinogradTile>& tiles) {
  const int64_t down = s.dilation[0], right = s.dilation[1];
  tiles.clear();
  for_tiles_along(rows, down, [&](int64_t top, int64_t height) {
    for_tiles_along(s.width, right, [&](int64_t left, int64_t width) {
      WinogradTile tile{top, left, height, width, {}, {}};
      for (int64_t i = 0; i < kPoints; ++i) {
        // What would lie beyond the band's inputs only reaches outputs that there are not.
        tile.rows[i] = std::min(top + i * down, rows + 2 * down - 1) * x.row;
        tile.columns[i] = std::min(left + i * right, s.width + 2 * right - 1) * s.inputs;
      }
      tiles.push_back(tile);
    });
  });
}

// `channels` inputs of a tile to planes of products, `plane` floats apart; writes up to a vector beyond them.
inline void transform_tile(const float* data, const WinogradTile& tile, int64_t channels, float* out, int64_t plane) {
  for (int64_t at = 0; at < channels; at += kLanes) {
    transform_square(
        filtering::inputs, [&](size_t row, size_t column) { return vector_at(data + tile.rows[row] + tile.columns[column] + at); },
        [&](size_t row, size_t column, Vector value) { vector_at(out + (row * kPoints + column) * plane + at) = value; });
  }
}

// The products of a vector of outputs, `plane` floats apart, to store(row, column, output).
template <class Store>
inline __attribute__((always_inline)) void transform_products(const float* products, int64_t plane, Store store) {
  transform_square(
      filtering::outputs, [&](size_t row, size_t column) { return vector_at(products + (row * kPoints + column) * plane); }, store);
}

// The gradients of a tile's outputs, `row` floats from one row of the image to the next, to planes: what the products
// of inputs and weights get.
inline void transform_gradients(const ConvShape& s, const float* dy, int64_t row, const WinogradTile& tile, float* out, int64_t plane) {
  const float* first = dy + tile.y * row + tile.x * s.outputs;
  const int64_t down = s.dilation[0] * row, right = s.dilation[1] * s.outputs;
  for (int64_t at = 0; at < s.outputs; at += kLanes) {
    transform_square(
        filtering::gradients,
        [&](int64_t below, int64_t beside) {
          return below < tile.height && beside < tile.width ? vector_at(first + below * down + beside * right + at) : Vector{};
        },
        [&](size_t below, size_t beside, Vector value) { vector_at(out + (below * kPoints + beside) * plane + at) = value; });
  }
}

// Sums [product][length] to the gradients of weights [9 taps][length].
inline void transform_sums(const float* sums, int64_t length, float* taps) {
  for (int64_t at = 0; at < length; at += kLanes) {
    transform_square(
        filtering::sums, [&](size_t row, size_t column) { return vector_at(sums + (row * kPoints + column) * length + at); },
        [&](size_t row, size_t column, Vector value) { vector_at(taps + (row * 3 + column) * length + at) = value; });
  }
}

}  // namespace smash
