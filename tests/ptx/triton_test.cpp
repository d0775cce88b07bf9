// The machine runs what Triton makes, where Python finds Triton when the test runs; skipped with the reason
// where not. PERCEPTRON_PYTHON names another interpreter than python3.
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "src/ptx/machine.hpp"
#include "src/ptx/program.hpp"
#include "tests/support/temp_dir.hpp"

namespace perceptron::ptx {
namespace {

constexpr std::uint64_t kSeeds = 50;
constexpr std::size_t kScratchPointers =
    2;  ///< Scratch memory, which Triton passes behind the arguments of every kernel.

class Triton : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_.emplace();
    const char* python = std::getenv("PERCEPTRON_PYTHON");
    const std::string command = std::string(python == nullptr ? "python3" : python) +
                                " " PERCEPTRON_TRITON_SCRIPT " " + folder_->path().string() + " > " +
                                (folder_->path() / "log").string() + " 2>&1";
    const int status = std::system(command.c_str());
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  static void TearDownTestSuite() { folder_.reset(); }

  void SetUp() override {
    if (exit_code_ == 77 || exit_code_ == 127) GTEST_SKIP() << "no Triton: " << contents("log");
    ASSERT_EQ(exit_code_, 0) << contents("log");
  }

  static std::string contents(const std::string& name) {
    std::ifstream file(folder_->path() / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  template <class T>
  DeviceAddress upload(const std::vector<T>& values, const char* name) {
    const DeviceAddress address = memory_.allocate(values.size() * sizeof(T), name);
    memory_.write(address, std::as_bytes(std::span(values)));
    memory_.protect(address);
    return address;
  }
  template <class T>
  std::vector<T> download(DeviceAddress address, std::size_t count) const {
    std::vector<T> values(count);
    memory_.read(address, std::as_writable_bytes(std::span(values)));
    return values;
  }

  /// Words of eight bytes, a count in one too, and Triton's scratch behind them.
  template <std::size_t kWords>
  static kernels::ArgumentBytes arguments(const std::array<std::uint64_t, kWords>& words) {
    std::array<std::uint64_t, kWords + kScratchPointers> all{};
    std::copy(words.begin(), words.end(), all.begin());
    return kernels::ArgumentBytes(all);
  }

  void launch(const char* kernel, std::uint32_t blocks, const kernels::ArgumentBytes& arguments,
              std::uint64_t seed) {
    const Image image(contents(std::string(kernel) + ".ptx"), std::string(kernel) + ".ptx");
    const Program& program = image.program(kernel);
    kernels::Launch launch;
    launch.grid = {blocks, 1, 1};
    launch.block = {static_cast<std::uint32_t>(program.max_threads), 1, 1};
    launch.shared_bytes = static_cast<std::uint32_t>(std::stoul(contents(std::string(kernel) + ".shared")));
    launch.arguments = arguments;
    run(program, launch, memory_, {.seed = seed, .forgives_same_value = true});
  }

  static std::vector<std::int32_t> numbers(std::size_t count) {
    std::vector<std::int32_t> values(count);
    for (std::size_t i = 0; i < count; ++i) values[i] = static_cast<std::int32_t>(i * 7919 % 2003) - 1000;
    return values;
  }

  Memory memory_;
  static inline std::optional<test::TempDir> folder_;
  static inline int exit_code_ = -1;
};

TEST_F(Triton, Axpy) {
  std::vector<float> x(1000), y(1000), expected(1000);
  for (std::size_t i = 0; i < 1000; ++i) {
    x[i] = 1 / static_cast<float>(i + 1);
    y[i] = static_cast<float>(i) / 3;
    expected[i] = 3 * x[i] + y[i];
  }
  const DeviceAddress to_x = upload(x, "x"), to_y = upload(y, "y"), to_z = memory_.allocate(4000, "z");
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    launch("axpy", 4, arguments(std::array{to_x, to_y, to_z, std::uint64_t{1000}}), seed);
    ASSERT_EQ(download<float>(to_z, 1000), expected) << "seed " << seed;
  }
}

TEST_F(Triton, RowSums) {
  const std::vector<std::int32_t> x = numbers(5 * 400);
  std::vector<std::int32_t> expected;
  for (auto row = x.begin(); row != x.end(); row += 400)
    expected.push_back(std::accumulate(row, row + 400, 0));
  const DeviceAddress to_x = upload(x, "x"), to_y = memory_.allocate(5 * 4, "y");
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    launch("row_sums", 5, arguments(std::array{to_x, to_y, std::uint64_t{400}}), seed);
    ASSERT_EQ(download<std::int32_t>(to_y, 5), expected) << "seed " << seed;
  }
}

TEST_F(Triton, RunningSums) {
  const std::vector<std::int32_t> x = numbers(500);
  std::vector<std::int32_t> expected(500);
  std::partial_sum(x.begin(), x.end(), expected.begin());
  const DeviceAddress to_x = upload(x, "x"), to_y = memory_.allocate(2000, "y");
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    launch("running_sums", 1, arguments(std::array{to_x, to_y, std::uint64_t{500}}), seed);
    ASSERT_EQ(download<std::int32_t>(to_y, 500), expected) << "seed " << seed;
  }
}

TEST_F(Triton, Transpose) {
  const std::vector<std::int32_t> x = numbers(32 * 64);
  std::vector<std::int32_t> expected(32 * 64);
  for (std::size_t i = 0; i < x.size(); ++i) expected[i % 64 * 32 + i / 64] = x[i];
  const DeviceAddress to_x = upload(x, "x"), to_y = memory_.allocate(x.size() * 4, "y");
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    launch("transpose", 1, arguments(std::array{to_x, to_y}), seed);
    ASSERT_EQ(download<std::int32_t>(to_y, x.size()), expected) << "seed " << seed;
  }
}

TEST_F(Triton, Sort) {
  std::vector<std::int32_t> expected = numbers(256);
  const DeviceAddress to_x = upload(expected, "x"), to_y = memory_.allocate(1024, "y");
  std::sort(expected.begin(), expected.end());
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    launch("sort", 1, arguments(std::array{to_x, to_y}), seed);
    ASSERT_EQ(download<std::int32_t>(to_y, 256), expected) << "seed " << seed;
  }
}

}  // namespace
}  // namespace perceptron::ptx
