#include <fmt/format.h>

#include <cstdlib>
#include <fstream>

#include "src/ptx/machine.hpp"
#include "tests/ptx/snippet_runner.hpp"

namespace perceptron::ptx {

struct SnippetRunner::State {
  Image image;
  const Program& program;
};

namespace {

/// For assemble_snippets.sh, which asks ptxas whether they are PTX at all.
void keep(const std::string& text) {
  const char* const folder = std::getenv("PERCEPTRON_SNIPPET_FOLDER");
  if (folder == nullptr) return;
  static int number = 0;
  std::ofstream(fmt::format("{}/{}.ptx", folder, number++)) << text;
}

}  // namespace

SnippetRunner::SnippetRunner(const std::string& text) {
  keep(text);
  Image image(text, "snippet", PtxRounding::approximate);
  const Program& program = image.program("snippet");
  state_ = std::make_unique<State>(State{std::move(image), program});
}

SnippetRunner::~SnippetRunner() = default;

void SnippetRunner::run(std::span<const std::uint64_t> operands, std::span<std::uint64_t> results) {
  Memory memory;
  struct {
    DeviceAddress from, to;
  } const arguments{memory.allocate(operands.size_bytes(), "operands"),
                    memory.allocate(results.size_bytes(), "results")};
  memory.write(arguments.from, std::as_bytes(operands));
  kernels::Launch launch;
  launch.grid.x = static_cast<std::uint32_t>(operands.size() / kMostSources / 32);
  launch.block.x = 32;
  launch.arguments = kernels::ArgumentBytes(arguments);
  ptx::run(state_->program, launch, memory);
  memory.read(arguments.to, std::as_writable_bytes(results));
}

bool rounds_approximations() { return true; }

}  // namespace perceptron::ptx
