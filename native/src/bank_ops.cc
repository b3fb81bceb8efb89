// Memory banks as channel ranges of one buffer (SMASH section 3.1).
//
// A block's banks lie side by side in one [B, C, H, W] buffer. Reading gathers ranges and applies ReLU in the same
// pass; writing adds (or, to an empty bank, sets) in place. The chain of reads and writes is linear, so the backward
// pass walks one gradient buffer in reverse: no concatenation is undone by slices, no gradient is summed bank by bank,
// and nothing of full size is filled with zeros. Every read passes the buffer on as an output of its own, which keeps
// that order in libtorch's graph.
//
// The kernels are for channels-last CPU buffers; any other device or layout takes the same steps through ATen.

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <numeric>

#include "op_table.h"

namespace smash {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

// One contiguous run of channels: `length` channels at `inner` (the read or written tensor) and `bank` (the buffer).
struct Run {
  int64_t inner, bank, length;
  bool add;  // writing: add to what is there; otherwise set
};
using Runs = std::vector<Run>;

constexpr int64_t kGrain = 16384;  // elements a thread takes at least

bool has_kernel(const Tensor& buffer, const Tensor& inner) {
  return buffer.device().is_cpu() && buffer.scalar_type() == inner.scalar_type() &&
         (buffer.scalar_type() == at::kFloat || buffer.scalar_type() == at::kBFloat16) &&
         buffer.is_contiguous(at::MemoryFormat::ChannelsLast) && inner.is_contiguous(at::MemoryFormat::ChannelsLast);
}

// The largest power of two (16 at most) that divides every offset and length: loops of that fixed size vectorise.
int64_t common_chunk(const Runs& runs) {
  int64_t divisor = 16;
  for (const Run& run : runs) divisor = std::gcd(divisor, std::gcd(run.inner, std::gcd(run.bank, run.length)));
  return divisor;
}

// Calls body(inner offset, bank offset, add) for every chunk of every pixel; offsets count elements from the pixel.
template <int64_t kChunk, class Body>
void for_each_chunk(const Tensor& buffer, const Tensor& inner, const Runs& runs, Body body) {
  Runs chunks;
  for (const Run& run : runs) {
    for (int64_t at = 0; at < run.length; at += kChunk) {
      chunks.push_back({run.inner + at, run.bank + at, kChunk, run.add});
    }
  }
  const int64_t pixels = buffer.size(0) * buffer.size(2) * buffer.size(3);
  const int64_t bank_stride = buffer.size(1), inner_stride = inner.size(1);
  const int64_t grain = std::max<int64_t>(1, kGrain / std::max<int64_t>(1, inner_stride));
  at::parallel_for(0, pixels, grain, [&](int64_t begin, int64_t end) {
    for (int64_t pixel = begin; pixel < end; ++pixel) {
      for (const Run& chunk : chunks) {
        body(pixel * inner_stride + chunk.inner, pixel * bank_stride + chunk.bank, chunk.add);
      }
    }
  });
}

template <class Kernel>
void dispatch_chunk(const Runs& runs, Kernel kernel) {
  switch (common_chunk(runs)) {
    case 16: return kernel(std::integral_constant<int64_t, 16>());
    case 8: return kernel(std::integral_constant<int64_t, 8>());
    case 4: return kernel(std::integral_constant<int64_t, 4>());
    case 2: return kernel(std::integral_constant<int64_t, 2>());
    default: return kernel(std::integral_constant<int64_t, 1>());
  }
}

// inner = relu?(buffer[runs])
template <class T>
void gather(const Tensor& buffer, const Tensor& inner, const Runs& runs, bool relu) {
  const T* banks = buffer.data_ptr<T>();
  T* result = inner.data_ptr<T>();
  dispatch_chunk(runs, [&](auto chunk) {
    constexpr int64_t kChunk = decltype(chunk)::value;
    const float floor = relu ? 0.f : -std::numeric_limits<float>::infinity();
    for_each_chunk<kChunk>(buffer, inner, runs, [=](int64_t i, int64_t b, bool) {
      for (int64_t c = 0; c < kChunk; ++c) {
        const float value = banks[b + c];
        // NaN must survive, so that divergence is seen.
        result[i + c] = value < floor ? T(floor) : banks[b + c];
      }
    });
  });
}

// buffer[runs] (+)= inner, where `mask` (if any) is positive
template <class T, bool kMasked>
void scatter(const Tensor& buffer, const Tensor& inner, const Tensor& mask, const Runs& runs) {
  T* banks = buffer.data_ptr<T>();
  const T* values = inner.data_ptr<T>();
  const T* gate = kMasked ? mask.data_ptr<T>() : nullptr;
  dispatch_chunk(runs, [&](auto chunk) {
    constexpr int64_t kChunk = decltype(chunk)::value;
    for_each_chunk<kChunk>(buffer, inner, runs, [=](int64_t i, int64_t b, bool add) {
      if (add) {
        for (int64_t c = 0; c < kChunk; ++c) {
          const float value = values[i + c];
          banks[b + c] = float(banks[b + c]) + (!kMasked || float(gate[i + c]) > 0.f ? value : 0.f);
        }
      } else {
        for (int64_t c = 0; c < kChunk; ++c) {
          banks[b + c] = !kMasked || float(gate[i + c]) > 0.f ? values[i + c] : T(0.f);
        }
      }
    });
  });
}

void gather_runs(const Tensor& buffer, const Tensor& inner, const Runs& runs, bool relu) {
  if (has_kernel(buffer, inner)) {
    if (buffer.scalar_type() == at::kFloat) return gather<float>(buffer, inner, runs, relu);
    return gather<at::BFloat16>(buffer, inner, runs, relu);
  }
  for (const Run& run : runs) {
    inner.narrow(1, run.inner, run.length).copy_(buffer.narrow(1, run.bank, run.length));
  }
  if (relu) inner.relu_();
}

void scatter_runs(const Tensor& buffer, const Tensor& inner, const Tensor& mask, const Runs& runs) {
  if (has_kernel(buffer, inner) && (!mask.defined() || has_kernel(buffer, mask))) {
    const bool masked = mask.defined();
    if (buffer.scalar_type() == at::kFloat) {
      return masked ? scatter<float, true>(buffer, inner, mask, runs) : scatter<float, false>(buffer, inner, mask, runs);
    }
    return masked ? scatter<at::BFloat16, true>(buffer, inner, mask, runs)
                  : scatter<at::BFloat16, false>(buffer, inner, mask, runs);
  }
  const Tensor values = mask.defined() ? inner * mask.gt(0) : inner;
  for (const Run& run : runs) {
    const Tensor target = buffer.narrow(1, run.bank, run.length);
    const Tensor source = values.narrow(1, run.inner, run.length);
    run.add ? target.add_(source) : target.copy_(source);
  }
}

Tensor new_like(const Tensor& buffer, int64_t channels) {
  return at::empty({buffer.size(0), channels, buffer.size(2), buffer.size(3)}, buffer.options(),
                   at::MemoryFormat::ChannelsLast);
}

// Banks in `banks` (indices, ascending) as runs, neighbours merged.
Runs read_runs(const Ints& banks, int64_t width) {
  Runs runs;
  int64_t inner = 0;
  for (const int64_t bank : banks) {
    if (!runs.empty() && runs.back().bank + runs.back().length == bank * width) {
      runs.back().length += width;
    } else {
      runs.push_back({inner, bank * width, width, true});
    }
    inner += width;
  }
  return runs;
}

// Bank j of `banks` takes slice j mod (units / width) of the value; the first `occupied` banks of the buffer add.
Runs write_runs(const Ints& banks, int64_t width, int64_t units, int64_t occupied) {
  Runs runs;
  const int64_t slices = units / width;
  for (size_t j = 0; j < banks.size(); ++j) {
    runs.push_back({static_cast<int64_t>(j) % slices * width, banks[j] * width, width, banks[j] < occupied});
  }
  return runs;
}

// Ascending banks are what lets the backward pass of the last read zero just the gaps.
void check_banks(const Tensor& buffer, const Ints& banks, int64_t width) {
  TORCH_CHECK(buffer.dim() == 4, "a bank buffer has 4 dimensions");
  TORCH_CHECK(width > 0 && !banks.empty(), "at least one bank of at least one channel");
  int64_t before = -1;
  for (const int64_t bank : banks) {
    TORCH_CHECK(bank > before, "banks must be ascending, got ", at::IntArrayRef(banks));
    TORCH_CHECK((bank + 1) * width <= buffer.size(1), "bank ", bank, " of ", width,
                " channels lies outside the buffer");
    before = bank;
  }
}

// The kernels trust these shapes. Empty banks fill in order: one left out would be read before it holds anything.
void check_value(const Tensor& buffer, const Tensor& value, const Ints& banks, int64_t width, int64_t occupied) {
  TORCH_CHECK(value.dim() == 4 && value.size(0) == buffer.size(0) && value.size(2) == buffer.size(2) &&
              value.size(3) == buffer.size(3), "value ", value.sizes(), " does not fit banks ", buffer.sizes());
  TORCH_CHECK(value.size(1) > 0 && value.size(1) % width == 0, "units must be a multiple of the bank's ", width, " channels");
  TORCH_CHECK(static_cast<int64_t>(banks.size()) * width >= value.size(1), "fewer banks than slices");
  for (const int64_t bank : banks) {
    TORCH_CHECK(bank <= occupied, "bank ", bank, " is written while bank ", occupied, " is empty");
    occupied = std::max(occupied, bank + 1);
  }
}

struct ReadBanks : Function<ReadBanks> {
  static variable_list forward(AutogradContext* context, Tensor buffer, Ints banks, int64_t width, bool relu) {
    Tensor result = new_like(buffer, static_cast<int64_t>(banks.size()) * width);
    gather_runs(buffer, result, read_runs(banks, width), relu);
    context->mark_dirty({buffer});
    context->set_materialize_grads(false);
    if (relu) context->save_for_backward({result});
    context->saved_data["banks"] = banks;
    context->saved_data["width"] = width;
    context->saved_data["channels"] = buffer.size(1);
    return {result, buffer};
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const int64_t width = context->saved_data["width"].toInt();
    const int64_t channels = context->saved_data["channels"].toInt();
    Runs runs = read_runs(context->saved_data["banks"].toIntVector(), width);
    const variable_list saved = context->get_saved_variables();
    const Tensor mask = saved.empty() ? Tensor() : saved[0];
    Tensor buffer = gradients[1];
    if (!gradients[0].defined()) return {buffer, Tensor(), Tensor(), Tensor()};  // values nobody used
    const Tensor gradient = gradients[0].contiguous(at::MemoryFormat::ChannelsLast);
    if (!buffer.defined()) {
      // The last read of the block starts the gradient buffer; banks it does not read have no gradient yet.
      buffer = new_like(gradient, channels);
      int64_t covered = 0;
      for (Run& run : runs) {
        run.add = false;
        if (run.bank > covered) buffer.narrow(1, covered, run.bank - covered).zero_();
        covered = run.bank + run.length;
      }
      if (covered < channels) buffer.narrow(1, covered, channels - covered).zero_();
    }
    scatter_runs(buffer, gradient, mask, runs);
    return {buffer, Tensor(), Tensor(), Tensor()};
  }
};

struct WriteBanks : Function<WriteBanks> {
  static Tensor forward(AutogradContext* context, Tensor buffer, Tensor value, Ints banks, int64_t width,
                        int64_t occupied) {
    scatter_runs(buffer, value.contiguous(at::MemoryFormat::ChannelsLast), Tensor(),
                 write_runs(banks, width, value.size(1), occupied));
    context->mark_dirty({buffer});
    context->saved_data["banks"] = banks;
    context->saved_data["width"] = width;
    context->saved_data["units"] = value.size(1);
    return buffer;
  }

  static variable_list backward(AutogradContext* context, variable_list gradients) {
    const Ints banks = context->saved_data["banks"].toIntVector();
    const int64_t width = context->saved_data["width"].toInt();
    const int64_t units = context->saved_data["units"].toInt();
    const int64_t slices = units / width;
    const Tensor& buffer = gradients[0];
    // A slice's gradient is the sum over the banks it went to: the first `slices` banks are read in one pass, each
    // further round (cyclic reuse) is added.
    Tensor total;
    for (size_t first = 0; first < banks.size(); first += slices) {
      const size_t last = std::min(banks.size(), first + slices);
      const Ints round(banks.begin() + first, banks.begin() + last);
      Tensor part = new_like(buffer, static_cast<int64_t>(round.size()) * width);
      gather_runs(buffer, part, read_runs(round, width), false);
      if (!total.defined()) {
        total = part;
      } else {
        total.narrow(1, 0, part.size(1)).add_(part);
      }
    }
    return {buffer, total, Tensor(), Tensor(), Tensor()};
  }
};

}  // namespace

void add_bank_ops(OpTable& table) {
  add_op(table, "newBanks", "like channels", +[](Tensor like, int64_t channels) { return new_like(like, channels); });
  add_op(table, "readBanks", "buffer banks width relu", +[](Tensor buffer, Ints banks, int64_t width, bool relu) -> Tensors {
    check_banks(buffer, banks, width);
    return ReadBanks::apply(buffer, banks, width, relu);
  });
  add_op(table, "writeBanks", "buffer value banks width occupied",
         +[](Tensor buffer, Tensor value, Ints banks, int64_t width, int64_t occupied) {
    check_banks(buffer, banks, width);
    check_value(buffer, value, banks, width, occupied);
    return WriteBanks::apply(buffer, value, banks, width, occupied);
  });
}

}  // namespace smash
