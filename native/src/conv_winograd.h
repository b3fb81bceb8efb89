// 3x3 convolutions by minimal filtering, F(2x2, 3x3) of Winograd (Lavin and Gray 2016): 16 products for a tile of four outputs
// where taps take 36. Of a dilated convolution's pixels every one belongs to one of several images that lie in each
// other, and each of these has its own tiles. Sums are of other numbers than those over taps: rounding differs.
#pragma once

#include <algorithm>
#include <vector>

#include "conv_band.h"

namespace smash {

// Of a tile, and its outputs along an axis.
constexpr int kProducts = 16, kTileSide = 2;

// Calls body(first output, outputs that there are: 1 or 2) for the tiles along an axis.
template <class Body>
void for_tiles_along(int64_t length, int64_t dilation, Body body) {
  for (int64_t phase = 0; phase < std::min(length, dilation); ++phase) {
    for (int64_t at = phase; at < length; at += kTileSide * dilation) body(at, at + dilation < length ? 2 : 1);
  }
}

// Whether tiles take fewer cycles than taps, which take `multiply` for a pixel each; `product`: what each of a tile's 16
// takes. Constants are measured.
inline bool suits_winograd(const ConvShape& s, double multiply, double product) {
  if (s.kernel[0] != 3 || s.kernel[1] != 3) return false;
  double tiles[2] = {};
  for_tiles_along(s.height, s.dilation[0], [&](int64_t, int64_t) { ++tiles[0]; });
  for_tiles_along(s.width, s.dilation[1], [&](int64_t, int64_t) { ++tiles[1]; });
  const auto vectors = [](int64_t channels) { return static_cast<double>((channels + kLanes - 1) / kLanes); };
  // Half as wide, vectors are multiplied more slowly against what is done with them besides.
  constexpr double kCost = kLanes < 16 ? .6 : 1;
  const double transforms = kCost * (45 * vectors(s.inputs) + 40 * vectors(s.outputs));
  // Taps that lie above or below the image are left out.
  const double rows = static_cast<double>(3 * s.height - 2 * std::min(s.height, s.dilation[0]));
  return tiles[0] * tiles[1] * (kProducts * product + transforms) < rows * static_cast<double>(s.width) * 3 * multiply;
}

// What tiles are made of before and after the products: [16][tile, channel], of as many tiles as the cache holds.
struct TilePlanes {
  int64_t tiles, channels, size;  // floats of a plane

  TilePlanes(int64_t tiles, int64_t channels)
      // A cache line more: planes a power of two apart would share a few lines of the cache.
      : tiles(tiles), channels(channels), size(tiles * channels + kLanes) {}

  float* take(Floats& scratch) const { return scratch.take(kProducts * size); }
};

// Outputs of a tile lie in whole vectors.
inline int64_t whole_vectors(int64_t channels) { return (channels + kLanes - 1) / kLanes * kLanes; }

// How many tiles are worked on at a time.
inline int64_t tiles_at_a_time(const ConvShape& s) {
  constexpr int64_t kBytes = 256 << 10;
  const int64_t tile = kProducts * (s.inputs + whole_vectors(s.outputs)) * static_cast<int64_t>(sizeof(float));
  return std::clamp<int64_t>(kBytes / tile / 16 * 16, 16, 128);
}

// Packed weights [block, piece][9 taps][...] to [block, piece][16 products][...].
inline Floats transform_weights(const float* packed, const std::vector<int64_t>& lengths) {
  int64_t total = 0;
  for (const int64_t length : lengths) total += length;
  Floats transformed;
  float* out = transformed.take(kProducts * total);
  for (const int64_t length : lengths) {
    for (int64_t at = 0; at < length; at += kLanes) {
      const auto tap = [&](int row, int column) -> Vector {
        return *reinterpret_cast<const Vector*>(packed + (row * 3 + column) * length + at);
      };
      Vector rows[4][3];
      for (int column = 0; column < 3; ++column) {
        const Vector outer = tap(0, column) + tap(2, column), inner = tap(1, column);
        rows[0][column] = tap(0, column);
        rows[1][column] = (outer + inner) * .5f;
        rows[2][column] = (outer - inner) * .5f;
        rows[3][column] = tap(2, column);
      }
      for (int row = 0; row < 4; ++row) {
        const Vector outer = rows[row][0] + rows[row][2], inner = rows[row][1];
        const Vector results[4] = {rows[row][0], (outer + inner) * .5f, (outer - inner) * .5f, rows[row][2]};
        for (int column = 0; column < 4; ++column) {
          *reinterpret_cast<Vector*>(out + (row * 4 + column) * length + at) = results[column];
        }
      }
    }
    packed += 9 * length;
    out += kProducts * length;
  }
  return transformed;
}

struct WinogradTile {
  int64_t y, x;           // its first output, in the band
  int64_t height, width;  // its outputs within the band: 1 or 2
  int64_t rows[4], columns[4];  // of its inputs, in floats from the band's first
};

// The tiles of a band of `rows` rows whose inputs lie in `x`.
inline void list_tiles(const ConvShape& s, const Band& x, int64_t rows, std::vector<WinogradTile>& tiles) {
  const int64_t down = s.dilation[0], right = s.dilation[1];
  tiles.clear();
  for_tiles_along(rows, down, [&](int64_t top, int64_t height) {
    for_tiles_along(s.width, right, [&](int64_t left, int64_t width) {
      WinogradTile tile{top, left, height, width, {}, {}};
      for (int64_t i = 0; i < 4; ++i) {
        // What would lie beyond the band's inputs only reaches outputs that there are not.
        tile.rows[i] = std::min(top + i * down, rows + 2 * down - 1) * x.row;
        tile.columns[i] = std::min(left + i * right, s.width + 2 * right - 1) * s.inputs;
      }
      tiles.push_back(tile);
    });
  });
}

// Four inputs along an axis to what is multiplied.
inline __attribute__((always_inline)) void transform_inputs(const Vector (&from)[4], Vector (&to)[4]) {
  to[0] = from[0] - from[2];
  to[1] = from[1] + from[2];
  to[2] = from[2] - from[1];
  to[3] = from[1] - from[3];
}

// `channels` inputs of a tile to 16 planes, `plane` floats apart; writes up to a vector beyond them.
inline void transform_tile(const float* data, const WinogradTile& tile, int64_t channels, float* out, int64_t plane) {
  for (int64_t at = 0; at < channels; at += kLanes) {
    Vector half[4][4];  // [column][row]
#pragma GCC unroll 4
    for (int column = 0; column < 4; ++column) {
      Vector values[4];
#pragma GCC unroll 4
      for (int row = 0; row < 4; ++row) {
        values[row] = *reinterpret_cast<const Vector*>(data + tile.rows[row] + tile.columns[column] + at);
      }
      transform_inputs(values, half[column]);
    }
#pragma GCC unroll 4
    for (int row = 0; row < 4; ++row) {
      const Vector values[4] = {half[0][row], half[1][row], half[2][row], half[3][row]};
      Vector results[4];
      transform_inputs(values, results);
#pragma GCC unroll 4
      for (int column = 0; column < 4; ++column) {
        *reinterpret_cast<Vector*>(out + (row * 4 + column) * plane + at) = results[column];
      }
    }
  }
}

// 16 products of a vector of outputs, `plane` floats apart, to the four outputs [row][column].
inline __attribute__((always_inline)) void transform_products(const float* products, int64_t plane, Vector (&y)[2][2]) {
  Vector half[2][4];  // [row][column]
#pragma GCC unroll 4
  for (int column = 0; column < 4; ++column) {
    const auto product = [&](int row) { return *reinterpret_cast<const Vector*>(products + (row * 4 + column) * plane); };
    const Vector first = product(1), second = product(2);
    half[0][column] = product(0) + first + second;
    half[1][column] = first - second - product(3);
  }
#pragma GCC unroll 2
  for (int row = 0; row < 2; ++row) {
    y[row][0] = half[row][0] + half[row][1] + half[row][2];
    y[row][1] = half[row][1] - half[row][2] - half[row][3];
  }
}

// The gradients of a tile's outputs, `row` floats from one row of the image to the next, to 16 planes: what the products
// of inputs and weights get.
inline void transform_gradients(const ConvShape& s, const float* dy, int64_t row, const WinogradTile& tile, float* out, int64_t plane) {
  const float* first = dy + tile.y * row + tile.x * s.outputs;
  const int64_t down = s.dilation[0] * row, right = s.dilation[1] * s.outputs;
  for (int64_t at = 0; at < s.outputs; at += kLanes) {
    Vector half[2][4];  // [column][row]
    for (int64_t column = 0; column < 2; ++column) {
      const auto value = [&](int64_t below) {
        return below < tile.height && column < tile.width ? *reinterpret_cast<const Vector*>(first + below * down + column * right + at) : Vector{};
      };
      const Vector upper = value(0), lower = value(1);
      half[column][0] = upper;
      half[column][1] = upper + lower;
      half[column][2] = upper - lower;
      half[column][3] = -lower;
    }
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      const Vector left = half[0][i], beside = half[1][i];
      const Vector results[4] = {left, left + beside, left - beside, -beside};
#pragma GCC unroll 4
      for (int column = 0; column < 4; ++column) *reinterpret_cast<Vector*>(out + (i * 4 + column) * plane + at) = results[column];
    }
  }
}

// Sums [16 products][length] to the gradients of weights [9 taps][length].
inline void transform_sums(const float* sums, int64_t length, float* taps) {
  for (int64_t at = 0; at < length; at += kLanes) {
    Vector half[3][4];  // [row][column]
    for (int column = 0; column < 4; ++column) {
      const auto sum = [&](int row) { return *reinterpret_cast<const Vector*>(sums + (row * 4 + column) * length + at); };
      const Vector plus = (sum(1) + sum(2)) * .5f;
      half[0][column] = sum(0) + plus;
      half[1][column] = (sum(1) - sum(2)) * .5f;
      half[2][column] = plus + sum(3);
    }
    for (int row = 0; row < 3; ++row) {
      const Vector plus = (half[row][1] + half[row][2]) * .5f;
      const Vector results[3] = {half[row][0] + plus, (half[row][1] - half[row][2]) * .5f, plus + half[row][3]};
      for (int column = 0; column < 3; ++column) *reinterpret_cast<Vector*>(taps + (row * 3 + column) * length + at) = results[column];
    }
  }
}

}  // namespace smash
