// What a step tells a CUDA device, recorded to be told again by one call (a CUDA graph).
#pragma once

#include <ATen/ATen.h>

#include <memory>

namespace smash {

// Its kernels read and write the same memory whenever it is replayed; what they write stays reserved as long as it lives.
class Recording;

// Whether the addon can record what `device` is told.
bool can_record(at::Device device);

// From here on this thread's work for `device` is recorded instead of done.
void begin_recording(at::Device device);
std::shared_ptr<Recording> end_recording();
// Forgets what was recorded; does nothing where no recording was begun.
void abandon_recording() noexcept;

// Queues all of it behind what the device has to do already.
void replay(Recording& recording);

}  // namespace smash
