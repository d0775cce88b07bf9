// Where outputs and reports may go, and what is never lost: files that exist, inputs, pipes' order.
#include <sys/stat.h>

#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

namespace fs = std::filesystem;

class Output : public CommandTest {
 protected:
  void SetUp() override {
    small_model(4, 3).save(dir_ / "model");
    save_npy(dir_ / "x.npy", numbered(DType::f32, 5, 4));
  }

  void expect_refused(std::vector<std::string> arguments, int exit_code,
                      std::initializer_list<std::string_view> words, CommandOptions options = {}) const {
    const std::string model = read_file(dir_ / "model"), input = read_file(dir_ / "x.npy");
    expect_failure(std::move(arguments), exit_code, words, std::move(options));
    EXPECT_EQ(read_file(dir_ / "model"), model);
    EXPECT_EQ(read_file(dir_ / "x.npy"), input);
  }
};

TEST_F(Output, PlacesThatCannotBeWritten) {
  fs::create_directory(dir_ / "folder");
  expect_refused({"run", at("model"), at("x.npy"), at("folder")}, 3, {at("folder"), "directory"});
  expect_refused({"run", at("model"), at("x.npy"), at("none/y.npy")}, 3, {at("none/y.npy"), "No such file"});
  expect_refused({"run", at("model"), at("x.npy"), "/proc/y.npy"}, 3, {"/proc/y.npy"});
  expect_refused({"run", at("model"), at("x.npy"), "/dev/full"}, 3, {"/dev/full", "No space left"});
  struct stat status {};
  ASSERT_EQ(::stat("/dev/full", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode)) << "the device was replaced by a file";
}

TEST_F(Output, DirectoryWithoutPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::create_directory(dir_ / "folder");
  fs::permissions(dir_ / "folder", fs::perms::owner_read | fs::perms::owner_exec);
  expect_refused({"run", at("model"), at("x.npy"), at("folder/y.npy")}, 3,
                 {at("folder/y.npy"), "Permission"});
}

TEST_F(Output, FileSizeLimit) {
  write_file(dir_ / "y.npy", "old content");
  expect_refused({"run", at("model"), at("x.npy"), at("y.npy")}, 3, {at("y.npy"), "too large"},
                 {.most_file_bytes = 100});
  EXPECT_EQ(read_file(dir_ / "y.npy"), "old content");
}

TEST_F(Output, InputOrModel) {
  fs::create_symlink("x.npy", dir_ / "soft");
  fs::create_hard_link(dir_ / "x.npy", dir_ / "hard");
  fs::create_symlink("model", dir_ / "soft_model");
  for (const char* name : {"x.npy", "./x.npy", "soft", "hard"}) {
    expect_refused({"run", at("model"), at("x.npy"), at(name)}, 2, {at(name), "output", "input"});
    expect_refused({"run", at("model"), at("x.npy"), at("y.npy"), "--report", at(name)}, 2,
                   {at(name), "report"});
  }
  for (const char* name : {"model", "soft_model"}) {
    expect_refused({"run", at("model"), at("x.npy"), at(name)}, 2, {at(name), "output", "model"});
  }
  for (const char* name : {"y.npy", "./y.npy"}) {
    expect_refused({"run", at("model"), at("x.npy"), at("y.npy"), "--report", at(name)}, 2,
                   {"report", "output"});
  }
}

TEST_F(Output, ReportThatCannotBeWritten) {
  fs::create_directory(dir_ / "folder");
  for (const std::string& report : {at("folder"), at("none/report.json"), std::string("/proc/report")}) {
    expect_refused({"run", at("model"), at("x.npy"), at("y.npy"), "--report", report}, 3, {report, "report"});
    EXPECT_FALSE(fs::exists(dir_ / "y.npy")) << "work was done before the report was refused";
  }
}

TEST_F(Output, ReportThatFillsTheDisk) {
  const Finished finished =
      perceptron({"run", at("model"), at("x.npy"), at("y.npy"), "--report", "/dev/full"});
  EXPECT_EQ(finished.exit_code, 3);
  expect_word(finished.err, "/dev/full");
}

TEST_F(Output, ReportIsReplacedOnlyBySuccess) {
  write_file(dir_ / "report.json", "old content");
  expect_refused({"run", at("model"), at("none.npy"), at("y.npy"), "--report", at("report.json")}, 3,
                 {"none.npy"});
  EXPECT_EQ(read_file(dir_ / "report.json"), "old content");
  expect_success({"run", at("model"), at("x.npy"), at("y.npy"), "--report", at("report.json")});
  EXPECT_TRUE(nlohmann::json::accept(read_file(dir_ / "report.json")));
  EXPECT_EQ(dir_.entries(), 4);
}

TEST_F(Output, NamesAsLongAsTheFileSystemTakes) {
  const std::string output(250, 'y'), report(250, 'r');
  expect_success({"run", at("model"), at("x.npy"), at(output), "--report", at(report)});
  EXPECT_EQ(load_npy(dir_ / output).rows(), 5);
  EXPECT_TRUE(nlohmann::json::accept(read_file(dir_ / report)));
  EXPECT_EQ(dir_.entries(), 4);
}

TEST_F(Output, OnePipeIsOneFile) {
  expect_refused({"run", at("model"), at("x.npy"), "/dev/stdout", "--report", "/dev/stdout"}, 2,
                 {"same file", "report", "output"});
}

TEST_F(Output, ReplacesAFileWholeAndThroughLinks) {
  write_file(dir_ / "y.npy", std::string(5000, 'x'));
  fs::create_symlink("y.npy", dir_ / "link");
  expect_success({"run", at("model"), at("x.npy"), at("link")});
  EXPECT_TRUE(fs::is_symlink(dir_ / "link"));
  EXPECT_EQ(load_npy(dir_ / "y.npy").rows(), 5);
}

TEST_F(Output, PipeGetsTheFileAndNothingElse) {
  expect_success({"run", at("model"), at("x.npy"), at("y.npy")});
  const Finished piped = perceptron({"run", at("model"), at("x.npy"), "/dev/stdout", "--check"});
  EXPECT_EQ(piped.exit_code, 0);
  EXPECT_EQ(piped.out, read_file(dir_ / "y.npy"));
  expect_word(piped.err, "bit-identical to the reference: yes");
  const CommandOptions redirected{.out_path = at("z.npy")};
  EXPECT_EQ(perceptron({"run", at("model"), at("x.npy"), "/dev/stdout"}, redirected).exit_code, 0);
  EXPECT_EQ(read_file(dir_ / "z.npy"), read_file(dir_ / "y.npy"));
}

TEST_F(Output, PipeGetsManyRowsOfManyGroupsInOrder) {
  small_model(4, 3, DType::f32, 2).save(dir_ / "grouped");
  save_npy(dir_ / "long.npy", numbered(DType::f32, 800'000, 4));
  expect_success({"run", at("grouped"), at("long.npy"), at("y.npy")});
  const std::string expected = read_file(dir_ / "y.npy");
  EXPECT_TRUE(perceptron({"run", at("grouped"), at("long.npy"), "/dev/stdout"}).out == expected);
  const CommandOptions redirected{.out_path = at("z.npy")};
  EXPECT_EQ(perceptron({"run", at("grouped"), at("long.npy"), "/dev/stdout"}, redirected).exit_code, 0);
  EXPECT_TRUE(read_file(dir_ / "z.npy") == expected);
}

TEST_F(Output, PipeCannotTakeMoreGroupsThanMemoryHolds) {
  small_model(4, 3, DType::f32, 2).save(dir_ / "grouped");
  write_zeros(dir_ / "huge.npy", std::int64_t{1} << 38, 4);
  expect_refused({"run", at("grouped"), at("huge.npy"), "/dev/stdout"}, 2,
                 {"needs", "this machine has", "2 × 274877906944 × 3 × 4 B", "write to a file"});
}

TEST_F(Output, StandardOutputThatIsFull) {
  const CommandOptions full{.out_path = "/dev/full"};
  for (const std::vector<std::string>& arguments : {std::vector<std::string>{"info"},
                                                    {"inspect", at("model")},
                                                    {"run", at("model"), at("x.npy"), at("y.npy")}}) {
    const Finished finished = perceptron(arguments, full);
    EXPECT_EQ(finished.exit_code, 3);
    expect_word(finished.err, "standard output");
  }
}

}  // namespace
}  // namespace perceptron::test
