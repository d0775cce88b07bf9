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
  static constexpr std::int64_t kWidth = 512;

  void SetUp() override { small_model(kWidth, kWidth).save(dir_ / "model"); }

  std::string zeros(std::int64_t rows) const {
    write_zeros(dir_ / "x.npy", rows, kWidth);
    return at("x.npy");
  }

  /// 2³⁸ multiply-adds by the reference.
  std::vector<std::string> minutes_of_work() const {
    return {PERCEPTRON_COMMAND, "run", at("model"), zeros(1 << 20), at("y.npy"), "--check"};
  }

  /// Returns once the output's temporary file exists.
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

TEST_F(LongWork, DrawsProgressOnATerminal) {
  Command command(minutes_of_work(), {.has_terminal = true});
  command.wait_for_error("of 1048576 rows");
  command.send(SIGINT);
  const Finished finished = command.finish();
  EXPECT_EQ(finished.exit_code, 130);
  expect_word(finished.err, "of 1048576 rows");
  expect_word(finished.err, "\r\033[Kperceptron: error");  // The bar is wiped first.
}

TEST_F(LongWork, DrawsNoProgressElsewhereOrWhenQuiet) {
  std::vector<std::string> quiet = minutes_of_work();
  quiet.emplace_back("--quiet");
  for (const auto& [arguments, has_terminal] :
       {std::pair{minutes_of_work(), false}, std::pair{quiet, true}}) {
    Command command(arguments, {.has_terminal = has_terminal});
    wait_for_temporary_file();
    std::this_thread::sleep_for(std::chrono::seconds(1));  // The bar would appear after half of one.
    command.send(SIGINT);
    EXPECT_TRUE(command.finish().err.starts_with("perceptron: error: interrupted"));
  }
}

TEST_F(LongWork, DrawsNoProgressForShortWork) {
  EXPECT_EQ(perceptron({"run", at("model"), zeros(10), at("y.npy")}, {.has_terminal = true}).err, "");
}

TEST_F(LongWork, EndsEarlyOnASignalAndLosesNothing) {
  for (const auto& [signal, exit_code] :
       {std::pair{SIGINT, 130}, std::pair{SIGTERM, 143}, std::pair{SIGHUP, 129}}) {
    write_file(dir_ / "y.npy", "old content");
    std::vector<std::string> arguments = minutes_of_work();
    arguments.insert(arguments.end(), {"--report", at("report.json")});
    Command command(arguments);
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
