// The snippets' PTX, compiled by the driver for cuda:0.
#include <cuda_runtime_api.h>

#include <stdexcept>

#include "src/cuda/check.hpp"
#include "tests/ptx/snippet_runner.hpp"

namespace perceptron::ptx {
namespace {

using cuda::check;

/// Device memory that holds and takes words.
class Words {
 public:
  explicit Words(std::size_t bytes) : bytes_(bytes) { check(cudaMalloc(&data_, bytes), "allocating words"); }
  ~Words() { cudaFree(data_); }
  Words(const Words&) = delete;
  Words& operator=(const Words&) = delete;

  void write(const void* from) const {
    check(cudaMemcpy(data_, from, bytes_, cudaMemcpyHostToDevice), "writing words");
  }
  void read(void* to) const { check(cudaMemcpy(to, data_, bytes_, cudaMemcpyDeviceToHost), "reading words"); }
  void* data() const { return data_; }

 private:
  std::size_t bytes_;
  void* data_ = nullptr;
};

}  // namespace

struct SnippetRunner::State {
  ~State() { cudaLibraryUnload(library); }

  cudaLibrary_t library = nullptr;
  cudaKernel_t kernel = nullptr;
};

SnippetRunner::SnippetRunner(const std::string& text) : state_(std::make_unique<State>()) {
  check(cudaLibraryLoadData(&state_->library, text.c_str(), nullptr, nullptr, 0, nullptr, nullptr, 0), text);
  check(cudaLibraryGetKernel(&state_->kernel, state_->library, "snippet"), "finding the snippet");
}

SnippetRunner::~SnippetRunner() = default;

void SnippetRunner::run(std::span<const std::uint64_t> operands, std::span<std::uint64_t> results) {
  const Words from(operands.size_bytes()), to(results.size_bytes());
  from.write(operands.data());
  struct {
    void *from, *to;
  } arguments{from.data(), to.data()};
  void* parameters[] = {&arguments};
  const auto blocks = static_cast<unsigned>(operands.size() / kMostSources / 32);
  check(cudaLaunchKernel(state_->kernel, blocks, 32, parameters, 0, nullptr), "launching the snippet");
  to.read(results.data());
}

bool rounds_approximations() { return false; }

}  // namespace perceptron::ptx
