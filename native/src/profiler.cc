// Where the time of a step goes: count, total and self time of every libtorch operator by the shapes of its tensors,
// gathered through libtorch's own observer on the calling thread and on those to which it hands gradients of a GPU's
// tensors. Costs nothing while it is off.

#include <ATen/record_function.h>

#include <chrono>
#include <map>
#include <mutex>
#include <sstream>

#include "op_table.h"

namespace smash {
namespace {

using Clock = std::chrono::steady_clock;

struct Frame final : at::ObserverContext {
  std::string shapes;
  Clock::time_point start;
  double children = 0;  // seconds
};

struct Entry {
  int64_t count = 0;
  double total = 0, self = 0;  // seconds
};

struct Profile {
  at::CallbackHandle handle{};
  std::mutex mutex;
  std::map<std::pair<std::string, std::string>, Entry> entries;
};

// The observer is the starting thread's and goes along with its work; one is profiled at a time.
std::unique_ptr<Profile> profile;
thread_local std::vector<Frame*> open;

// `[50, 64, 32, 32] [64, 64, 1, 1]`, of the tensors among the inputs.
std::string tensor_shapes(const at::RecordFunction& function) {
  std::ostringstream out;
  for (const c10::IValue& input : function.inputs()) {
    if (input.isTensor() && input.toTensor().defined()) out << (out.tellp() > 0 ? " " : "") << input.toTensor().sizes();
  }
  return out.str();
}

std::unique_ptr<at::ObserverContext> enter(const at::RecordFunction& function) {
  auto frame = std::make_unique<Frame>();
  if (!profile) return frame;
  frame->shapes = tensor_shapes(function);
  open.push_back(frame.get());
  frame->start = Clock::now();
  return frame;
}

void leave(const at::RecordFunction& function, at::ObserverContext* context) {
  auto* frame = static_cast<Frame*>(context);
  if (!profile || open.empty() || open.back() != frame) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - frame->start).count();
  open.pop_back();
  if (!open.empty()) open.back()->children += seconds;
  const std::lock_guard<std::mutex> lock(profile->mutex);
  Entry& entry = profile->entries[{function.name(), frame->shapes}];
  ++entry.count;
  entry.total += seconds;
  entry.self += seconds - frame->children;
}

}  // namespace

void add_profiler_ops(OpTable& table) {
  add_op(table, "startProfile", "", +[]() {
    profile = std::make_unique<Profile>();
    open.clear();
    profile->handle = at::addThreadLocalCallback(
        at::RecordFunctionCallback(enter, leave)
            .needsInputs(true)
            .scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION, at::RecordScope::USER_SCOPE}));
  });
  // One line an operator and shapes: name, shapes, count, total and self time in microseconds, separated by tabs.
  add_op(table, "stopProfile", "", +[]() {
    std::ostringstream out;
    if (!profile) return out.str();
    at::removeCallback(profile->handle);
    for (const auto& [key, entry] : profile->entries) {
      out << key.first << '\t' << key.second << '\t' << entry.count << '\t' << entry.total * 1e6 << '\t'
          << entry.self * 1e6 << '\n';
    }
    profile.reset();
    return out.str();
  });
}

}  // namespace smash
