#include "src/ptx/ptx_device.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <tbb/info.h>

#include <algorithm>
#include <charconv>
#include <string_view>

#include "kernels/images.hpp"
#include "perceptron/error.hpp"
#include "src/ptx/ptx_accelerator.hpp"
#include "src/staging/staged_device.hpp"

namespace perceptron::ptx {
namespace {

constexpr int kMostThreads = 64;

/// What a name asks for.
struct Request {
  const kernels::Candidate* forced = nullptr;
  std::uint64_t seed = 0;
};

[[noreturn]] void refuse_name(const std::string& name) {
  throw InvalidArgument(fmt::format("device \"{}\": expected ptx or one of ptx:{}, either with @SEED", name,
                                    fmt::join(staging::candidate_names(), ", ptx:")));
}

Request parse_name(const std::string& name) {
  Request request;
  std::string_view rest = std::string_view(name).substr(3);
  if (const std::size_t at = rest.find('@'); at != std::string_view::npos) {
    const std::string_view seed = rest.substr(at + 1);
    const auto [end, error] = std::from_chars(seed.data(), seed.data() + seed.size(), request.seed);
    if (error != std::errc{} || end != seed.data() + seed.size()) refuse_name(name);
    rest = rest.substr(0, at);
  }
  if (rest.empty()) return request;
  if (rest.front() == ':') request.forced = staging::find_candidate(rest.substr(1));
  if (request.forced == nullptr) refuse_name(name);
  return request;
}

}  // namespace

std::unique_ptr<engine::Device> make_ptx_device(const Options& options) {
  if (kernels::images().empty()) {
    throw DeviceMissing(fmt::format(
        "device \"{}\": this library was built without CUDA kernels (PERCEPTRON_CUDA)", options.device));
  }
  const Request request = parse_name(options.device);
  const int cores = tbb::info::default_concurrency();
  // More blocks at once than cores meet in other orders, so a few more threads are served.
  const int threads = options.threads > 0 ? std::min(options.threads, std::max(cores, kMostThreads)) : cores;
  staging::StagedOptions staged;
  staged.name = options.device;
  staged.forced = request.forced;
  staged.layout = staging::Layout::mirrored;
  staged.threads = threads;
  staged.log = options.log;
  return std::make_unique<staging::StagedDevice>(std::make_shared<PtxAccelerator>(request.seed, threads),
                                                 std::move(staged));
}

std::vector<DeviceInfo> ptx_devices() {
  if (kernels::images().empty()) return {};
  return {{"ptx", "executes the CUDA kernels' PTX on the CPU, watched; for tests, slow", 1, false}};
}

}  // namespace perceptron::ptx
