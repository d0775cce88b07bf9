#include "src/cuda/make_cuda_device.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "perceptron/error.hpp"
#include "src/cuda/cuda_device.hpp"
#include "src/staging/staged_device.hpp"

namespace perceptron::cuda {
namespace {

/// Null where the name asks for none.
const kernels::Candidate* forced_by(const DeviceName& asked, const std::string& name) {
  if (asked.policy.empty()) return nullptr;
  const kernels::Candidate* const found = staging::find_candidate(asked.policy);
  if (found != nullptr) return found;
  throw InvalidArgument(fmt::format("device \"{}\": expected one of the policies {}", name,
                                    fmt::join(staging::candidate_names(), ", ")));
}

}  // namespace

std::unique_ptr<engine::Device> make_cuda_device(const Options& options) {
  const DeviceName asked = parse_device_name(options.device);
  staging::StagedOptions staged;
  staged.forced = forced_by(asked, options.device);
  auto accelerator = cuda_accelerator(asked.number);
  staged.name = asked.policy.empty() ? accelerator->name() : options.device;
  staged.layout = staged.forced == nullptr ? staging::Layout::compact : staging::Layout::mirrored;
  staged.threads = options.threads;
  staged.verifies_pointers = options.verify_pointers;
  staged.log = options.log;
  return std::make_unique<staging::StagedDevice>(std::move(accelerator), std::move(staged));
}

}  // namespace perceptron::cuda
