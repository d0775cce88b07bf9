#include "bench/gpu/shared_library.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <cstdlib>

namespace perceptron::bench::gpu {

SharedLibrary::SharedLibrary(const std::vector<std::string>& names, const std::vector<std::string>& folders) {
  std::string tried;
  for (const std::string& name : names) {
    std::vector<std::string> paths;
    for (const std::string& folder : folders) paths.push_back(folder + "/" + name);
    paths.push_back(name);
    for (const std::string& path : paths) {
      handle_ = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
      if (handle_ != nullptr) {
        path_ = path;
        return;
      }
      tried += fmt::format("; {}", dlerror());
    }
  }
  throw LibraryMissing(fmt::format("{}: not found or not loadable{}", names.front(), tried));
}

SharedLibrary::Symbol SharedLibrary::operator[](const char* name) const {
  void* address = dlsym(handle_, name);
  if (address == nullptr) throw LibraryMissing(fmt::format("{}: has no function {}", path_, name));
  return {address};
}

std::vector<std::string> toolkit_folders() {
  std::vector<std::string> folders;
  for (const char* variable : {"CUDA_HOME", "CUDA_PATH"}) {
    const char* root = std::getenv(variable);
    if (root == nullptr) continue;
    folders.push_back(std::string(root) + "/lib64");
    folders.push_back(std::string(root) + "/lib");
  }
  folders.emplace_back("/usr/local/cuda/lib64");
  return folders;
}

}  // namespace perceptron::bench::gpu
