// A range of a file as an ArrayBuffer: read from the disk as it is used, given back to the system when memory is short,
// unmapped when JavaScript collects it.
//
// The mapping is private and its pages are copied when written: JavaScript has no read-only ArrayBuffer, and a stray
// write must neither reach the file nor end the process. Limit: a file that is made shorter while it is mapped ends
// the process (SIGBUS); ours are only ever replaced by renaming.
#include "map_file.h"

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace smash {

namespace {

struct Mapping {
  void* start;
  size_t bytes;
  ~Mapping() { munmap(start, bytes); }
};

struct File {
  int descriptor;
  ~File() { close(descriptor); }
};

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw std::runtime_error(path + ": " + what);
}

}  // namespace

napi_value map_file(napi_env env, const std::string& path, int64_t offset, int64_t length) {
  if (offset < 0 || length < 0) fail(path, "a range must not be negative");
  const File file{open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.descriptor < 0) fail(path, std::strerror(errno));
  struct stat status;
  if (fstat(file.descriptor, &status) != 0) fail(path, std::strerror(errno));
  if (!S_ISREG(status.st_mode)) fail(path, "is not a regular file");
  // Pages behind the end can be mapped but not touched: the range has to lie inside.
  if (offset > status.st_size || length > status.st_size - offset) {
    fail(path, "bytes " + std::to_string(offset) + " to " + std::to_string(offset + length) + " of " +
                   std::to_string(status.st_size));
  }
  napi_value buffer;
  if (length == 0) {
    void* data;
    if (napi_create_arraybuffer(env, 0, &data, &buffer) != napi_ok) fail(path, "no buffer");
    return buffer;
  }
  const int64_t page = sysconf(_SC_PAGESIZE);
  const int64_t before = offset % page;
  const size_t bytes = static_cast<size_t>(before + length);
  void* start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, file.descriptor,
                     static_cast<off_t>(offset - before));
  if (start == MAP_FAILED) fail(path, std::strerror(errno));
  auto* mapping = new Mapping{start, bytes};
  const napi_status created = napi_create_external_arraybuffer(
      env, static_cast<char*>(start) + before, static_cast<size_t>(length),
      [](napi_env, void*, void* hint) { delete static_cast<Mapping*>(hint); }, mapping, &buffer);
  if (created != napi_ok) {
    delete mapping;
    fail(path, "this runtime refuses external buffers");
  }
  return buffer;
}

}  // namespace smash
