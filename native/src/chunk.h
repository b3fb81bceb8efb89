// A few neighbouring channels as one vector of a size the compiler knows.
#pragma once

#include <cstdint>
#include <type_traits>

namespace smash {

// Lanes of a register: the compiler makes comparisons of a wider vector lane by lane.
#if defined(__AVX512F__)
constexpr int64_t kMostChunk = 16;
#else
constexpr int64_t kMostChunk = 8;
#endif

// Calls body(integral_constant chunk) for a `size` that is a power of two up to kMostChunk: loops of a fixed size
// vectorise.
template <class Body>
void with_chunk(int64_t size, Body body) {
  switch (size) {
    case 16: return body(std::integral_constant<int64_t, 16>());
    case 8: return body(std::integral_constant<int64_t, 8>());
    case 4: return body(std::integral_constant<int64_t, 4>());
    case 2: return body(std::integral_constant<int64_t, 2>());
    default: return body(std::integral_constant<int64_t, 1>());
  }
}

// A chunk's channels as one vector of floats, whatever type they have in memory. The compiler would copy them one by one:
// it does not know that buffer and tensor are different memory.
template <int64_t kChunk>
struct Chunk {
  typedef float Vector __attribute__((vector_size(kChunk * sizeof(float)), aligned(sizeof(float)), may_alias));

  template <class T>
  static Vector load(const T* from) {
    if constexpr (std::is_same_v<T, float>) return *reinterpret_cast<const Vector*>(from);
    float values[kChunk];
    for (int64_t c = 0; c < kChunk; ++c) values[c] = from[c];
    return *reinterpret_cast<const Vector*>(values);
  }

  template <class T>
  static void store(Vector values, T* to) {
    if constexpr (std::is_same_v<T, float>) {
      *reinterpret_cast<Vector*>(to) = values;
    } else {
      const float* from = reinterpret_cast<const float*>(&values);
      for (int64_t c = 0; c < kChunk; ++c) to[c] = from[c];
    }
  }
};

}  // namespace smash
