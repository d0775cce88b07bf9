// Work that lasts: the progress bar, and interruption.
#include <algorithm>
#include <chrono>
#include <thread>

#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

namespace fs = std::filesystem;

class LongWork : public CommandTest {
 protected:
  /// Multiply-adds of one row.
  static constexpr std::int64_t kWidth = 512;

  void SetUp() override { small_model(kWidth, kWidth).save(dir_ / "model"); }

  /// Rows of zeros; a file with a hole in place of data.
  std::string zeros(std::int64_t rows) const {
    write_npy(dir_ / "x.npy",
              fmt::format("{{'descr': '|u1', 'fortran_order': False, 'shape': ({}, {}), }}", rows, kWidth),
              0);
    fs::resize_file(dir_ / "x.npy",
                    fs::file_size(dir_ / "x.npy") + static_cast<std::uintmax_t>(rows * kWidth));
    return at("x.npy");
  }

  /// The output's temporary file, once it exists.
  void wait_for_temporary_file() const {
    const auto exists = [this] {
      return std::any_of(fs::directory_iterator(dir_.path()), fs::directory_iterator(),
                         [](const fs::directory_entry& entry) {
                           return entry.path().filename().string().starts_with(".y");
                         });
    };
    for (int tries = 0; tries < 3000 && !exists(); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    ASSERT_TRUE(exists());
  }
};

TEST_F(LongWork, DrawsProgressOnATerminalOnly) {
  // 4000 rows of 2¹⁸ multiply-adds take the reference more than the half second after which the bar appears.
  const std::vector<std::string> arguments{PERCEPTRON_COMMAND, "run",     at("model"), zeros(4000),
                                           at("y.npy"),        "--check", "--threads", "1"};
  CommandOptions terminal;
  terminal.has_terminal = true;
  const Finished shown = run_command(arguments, terminal);
  EXPECT_EQ(shown.exit_code, 0);
  expect_word(shown.err, "of 4000 rows");
  EXPECT_TRUE(shown.err.ends_with("\r\033[K")) << "the bar was left on the screen";
  expect_word(shown.out, "bit-identical to the reference: yes");

  EXPECT_EQ(run_command(arguments).err, "");
  std::vector<std::string> quiet = arguments;
  quiet.push_back("--quiet");
  EXPECT_EQ(run_command(quiet, terminal).err, "");
}

TEST_F(LongWork, DrawsNoProgressForShortWork) {
  CommandOptions terminal;
  terminal.has_terminal = true;
  EXPECT_EQ(perceptron({"run", at("model"), zeros(10), at("y.npy")}, terminal).err, "");
}

TEST_F(LongWork, EndsEarlyOnASignalAndLosesNothing) {
  for (const auto& [signal, exit_code] : {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}}) {
    write_file(dir_ / "y.npy", "old content");
    // 2³⁸ multiply-adds by the reference: minutes.
    Command command({PERCEPTRON_COMMAND, "run", at("model"), zeros(1 << 20), at("y.npy"), "--check",
                     "--report", at("report.json")});
    wait_for_temporary_file();
    const auto sent = std::chrono::steady_clock::now();
    command.send(signal);
    const Finished finished = command.finish();
    EXPECT_EQ(finished.exit_code, exit_code);
    EXPECT_EQ(finished.out, "");
    expect_word(finished.err, "perceptron: error: interrupted");
    EXPECT_EQ(read_file(dir_ / "y.npy"), "old content");
    EXPECT_EQ(dir_.entries(), 3) << "model, input and output only";
    EXPECT_LT(std::chrono::steady_clock::now() - sent, std::chrono::seconds(30));
  }
}

}  // namespace
}  // namespace perceptron::test
