#include "recording.h"

#include "op_table.h"

#ifdef SMASH_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <c10/cuda/CUDAGuard.h>
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

// A recording under way, on a stream that has nothing else to do, as CUDA asks.
struct Capture {
  explicit Capture(at::Device device)
      : recording(std::make_shared<Recording>(device)),
        stream(c10::cuda::getStreamFromPool(/*isHighPriority=*/false, device.has_index() ? device.index() : -1)) {
    recording->graph.capture_begin();
  }
  std::shared_ptr<Recording> recording;
  c10::cuda::CUDAStreamGuard stream;
};
thread_local std::unique_ptr<Capture> capture;

}  // namespace

bool can_record(at::Device device) { return device.is_cuda(); }

void begin_recording(at::Device device) {
  TORCH_CHECK(!capture, "a recording was begun already");
  capture = std::make_unique<Capture>(device);
}

std::shared_ptr<Recording> end_recording() {
  TORCH_CHECK(capture, "no recording was begun");
  // Whether it can be ended or not, it is over, and its stream is left.
  const auto ended = std::move(capture);
  ended->recording->graph.capture_end();
  return ended->recording;
}

void abandon_recording() noexcept {
  if (!capture) return;
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
