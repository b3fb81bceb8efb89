#include "tensor_table.h"

#include <algorithm>
#include <unordered_set>

namespace smash {

namespace {
constexpr int64_t kSlotBits = 22;
constexpr int64_t kSlotMask = (int64_t{1} << kSlotBits) - 1;
}  // namespace

const TensorTable::Slot* TensorTable::find(int64_t handle) const {
  const int64_t index = handle & kSlotMask;
  if (handle < 0 || index >= static_cast<int64_t>(slots_.size())) return nullptr;
  const Slot& slot = slots_[index];
  return slot.used && slot.generation == (handle >> kSlotBits) ? &slot : nullptr;
}

int64_t TensorTable::add(at::Tensor tensor) {
  int64_t index;
  if (free_.empty()) {
    index = static_cast<int64_t>(slots_.size());
    TORCH_CHECK(index <= kSlotMask, "more than ", kSlotMask, " live tensors: a scope() is missing around a loop");
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[index];
  slot.tensor = std::move(tensor);
  slot.used = true;
  ++live_count_;
  const int64_t handle = index | (slot.generation << kSlotBits);
  if (!scopes_.empty()) scopes_.back().push_back(handle);
  return handle;
}

const at::Tensor& TensorTable::get(int64_t handle) const {
  const Slot* slot = find(handle);
  TORCH_CHECK(slot != nullptr, "tensor was disposed, or belongs to another thread");
  return slot->tensor;
}

bool TensorTable::alive(int64_t handle) const { return find(handle) != nullptr; }

void TensorTable::attach(int64_t handle, std::shared_ptr<Recording> recording) {
  get(handle);
  slots_[handle & kSlotMask].recording = std::move(recording);
}

Recording& TensorTable::recording(int64_t handle) const {
  get(handle);
  const Slot& slot = slots_[handle & kSlotMask];
  TORCH_CHECK(slot.recording, "no recording computes this tensor");
  return *slot.recording;
}

void TensorTable::free_slot(int64_t index) {
  Slot& slot = slots_[index];
  slot.tensor = at::Tensor();
  slot.recording.reset();
  slot.used = false;
  ++slot.generation;
  free_.push_back(index);
  --live_count_;
}

void TensorTable::dispose(int64_t handle) {
  if (find(handle) != nullptr) free_slot(handle & kSlotMask);
}

void TensorTable::begin_scope() { scopes_.emplace_back(); }

void TensorTable::end_scope(const std::vector<int64_t>& keep) {
  TORCH_CHECK(!scopes_.empty(), "endScope without beginScope");
  const std::unordered_set<int64_t> kept(keep.begin(), keep.end());
  std::vector<int64_t> made = std::move(scopes_.back());
  scopes_.pop_back();
  for (const int64_t handle : made) {
    if (kept.count(handle) == 0) {
      dispose(handle);
    } else if (!scopes_.empty()) {
      scopes_.back().push_back(handle);
    }
  }
}

}  // namespace smash
