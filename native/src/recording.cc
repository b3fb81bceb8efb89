#include "recording.h"

#include "op_table.h"

#ifdef SMASH_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>

#include <optional>
#endif

namespace smash {

#ifdef SMASH_CUDA

class Recording {
 public:
  explicit Recording(at::Device device) : device_(device) {}
  // Memory of a graph stays reserved for graphs, where no other process finds it, until the cache is emptied.
  ~Recording() {
    try {
      const c10::DeviceGuard guard(device_);
      graph.reset();
      c10::cuda::CUDACachingAllocator::emptyCache();
    } catch (const std::exception&) {
      // A device that has failed says so at the next call.
    }
  }

  at::cuda::CUDAGraph graph;

  at::Device device() const { return device_; }

 private:
  at::Device device_;
};

namespace {

// Graphs are recorded on a stream that has nothing else to do, as CUDA asks.
struct Open {
  std::shared_ptr<Recording> recording;
  std::optional<c10::cuda::CUDAStreamGuard> guard;
};
thread_local Open open;

}  // namespace

bool can_record(at::Device device) { return device.is_cuda(); }

void begin_recording(at::Device device) {
  TORCH_CHECK(!open.recording, "a recording was begun already");
  auto recording = std::make_shared<Recording>(device);
  open.guard.emplace(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.has_index() ? device.index() : -1));
  try {
    recording->graph.capture_begin();
  } catch (...) {
    open.guard.reset();
    throw;
  }
  open.recording = std::move(recording);
}

std::shared_ptr<Recording> end_recording() {
  TORCH_CHECK(open.recording, "no recording was begun");
  const auto recording = std::move(open.recording);
  open.recording.reset();
  try {
    recording->graph.capture_end();
  } catch (...) {
    open.guard.reset();
    throw;
  }
  open.guard.reset();
  return recording;
}

void abandon_recording() noexcept {
  if (!open.recording) return;
  try {
    end_recording();
  } catch (const std::exception&) {
    // What broke the recording is what is reported.
  }
}

void replay(Recording& recording) {
  const c10::DeviceGuard guard(recording.device());
  recording.graph.replay();
}

#else

class Recording {};

bool can_record(at::Device) { return false; }
void begin_recording(at::Device device) { TORCH_CHECK(false, "this addon cannot record what ", device, " is told"); }
std::shared_ptr<Recording> end_recording() { TORCH_CHECK(false, "no recording was begun"); }
void abandon_recording() noexcept {}
void replay(Recording&) {}

#endif

void add_recording_ops(OpTable& table) {
  add_op(table, "canRecord", "device", +[](at::Device device) { return can_record(device); });
  add_op(table, "beginRecording", "device", +[](at::Device device) { begin_recording(device); });
  add_op(table, "abandonRecording", "", +[]() { abandon_recording(); });
}

}  // namespace smash
