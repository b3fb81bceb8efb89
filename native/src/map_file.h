#pragma once

#include <node_api.h>

#include <cstdint>
#include <string>

namespace smash {

// Bytes `offset` to `offset + length` of the file, as an ArrayBuffer. Throws std::runtime_error with the path.
napi_value map_file(napi_env env, const std::string& path, int64_t offset, int64_t length);

}  // namespace smash
