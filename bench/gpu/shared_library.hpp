// A library that is looked for when the program runs, so that the program starts where there is none.
#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace perceptron::bench::gpu {

/// Names what was tried and what the loader said.
class LibraryMissing : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

class SharedLibrary {
 public:
  /// The first name that loads, each in every folder and then where the system looks. Throws LibraryMissing.
  /// It stays loaded: handles of CUDA's libraries outlive every scope.
  SharedLibrary(const std::vector<std::string>& names, const std::vector<std::string>& folders);

  /// Becomes a pointer to a function of whatever type is asked for.
  struct Symbol {
    void* address;
    template <class Function>
    operator Function*() const {
      return reinterpret_cast<Function*>(address);
    }
  };
  /// Throws LibraryMissing where the library has no such function.
  Symbol operator[](const char* name) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  void* handle_ = nullptr;
};

/// Where a CUDA toolkit may lie: of $CUDA_HOME, $CUDA_PATH and /usr/local/cuda.
std::vector<std::string> toolkit_folders();

}  // namespace perceptron::bench::gpu
