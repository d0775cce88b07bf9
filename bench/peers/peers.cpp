#include "bench/peers/peers.hpp"

#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

#include "bench/peers/module.hpp"
#include "perceptron/error.hpp"

namespace perceptron::bench {
namespace {

namespace fs = std::filesystem;

/// Beside the program, as built, and where it is installed.
std::vector<fs::path> module_folders() {
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error).parent_path();
  return {program, (program / PERCEPTRON_PEERS_FROM_PROGRAM).lexically_normal()};
}

[[noreturn]] void refuse(std::string_view name, const std::string& reason) {
  throw PeerMissing(fmt::format("peer {}: {}", name, reason));
}

const PeerModule& module_of(void* library, std::string_view name) {
  const void* entry = dlsym(library, kPeerEntry);
  if (entry == nullptr) refuse(name, dlerror());
  const auto& module = *static_cast<const PeerModule*>(entry);
  if (module.interface == kPeerInterface) return module;
  refuse(name, fmt::format("its module has interface {}, expected {}: build both from one source",
                           module.interface, kPeerInterface));
}

}  // namespace

Peer load_peer(std::string_view name) {
  if (std::ranges::find(kPeers, name) == kPeers.end()) {
    throw InvalidArgument(fmt::format("there is no peer \"{}\"; expected {}", name, fmt::join(kPeers, ", ")));
  }
  const std::string file = fmt::format("perceptron_peer_{}.so", name);
  std::string folders;
  for (const fs::path& folder : module_folders()) {
    folders += (folders.empty() ? "" : " or ") + folder.string();
    if (!fs::exists(folder / file)) continue;
    void* library = dlopen((folder / file).c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) refuse(name, dlerror());
    const PeerModule& module = module_of(library, name);
    const std::string reason = module.missing == nullptr ? "" : module.missing();
    if (!reason.empty()) refuse(name, reason);
    return {std::string(name), module.ways};
  }
  refuse(name,
         fmt::format("no {} in {}: install the library (Debian: libopenblas-dev, libdnnl-dev, libeigen3-dev) "
                     "and configure and build the benchmarks again",
                     file, folders));
}

std::vector<Peer> found_peers() {
  std::vector<Peer> found;
  for (const std::string_view name : kPeers) {
    try {
      found.push_back(load_peer(name));
    } catch (const PeerMissing&) {
      continue;
    }
  }
  return found;
}

bool is_served_by_peers(const Problem& problem) {
  return problem.rows > 0 && problem.activation.kind != ActivationKind::softmax &&
         problem.arithmetic == Arithmetic::reproducible;
}

}  // namespace perceptron::bench
