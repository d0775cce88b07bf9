// Input files that `perceptron run` refuses: exit code, words, and an output that keeps its old content.
#include "tests/cli/command_fixture.hpp"

namespace perceptron::test {
namespace {

class BadRows : public CommandTest {
 protected:
  void SetUp() override {
    small_model(4, 3).save(dir_ / "model");
    write_file(dir_ / "y.npy", "old content");
  }

  void expect_refused(const std::string& input, int exit_code,
                      std::initializer_list<std::string_view> words) {
    expect_failure({"run", at("model"), input, at("y.npy")}, exit_code, words);
    EXPECT_EQ(read_file(dir_ / "y.npy"), "old content");
  }

  /// The same for a .npy file with this header.
  void expect_header_refused(std::string dictionary, std::size_t data_bytes,
                             std::initializer_list<std::string_view> words) {
    write_npy(dir_ / "x.npy", std::move(dictionary), data_bytes);
    expect_refused(at("x.npy"), 2, words);
    expect_failure({"run", at("model"), at("x.npy"), at("y.npy")}, 2, {at("x.npy")});
  }

  static std::string dictionary(std::string_view descr, std::string_view shape,
                                std::string_view fortran = "False") {
    return fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}", descr, fortran, shape);
  }
};

TEST_F(BadRows, MissingFile) { expect_refused(at("x.npy"), 3, {at("x.npy"), "No such file"}); }

TEST_F(BadRows, Directory) {
  std::filesystem::create_directory(dir_ / "folder");
  expect_refused(at("folder"), 3, {at("folder"), "directory"});
}

TEST_F(BadRows, DeviceOrPipe) { expect_refused("/dev/null", 3, {"/dev/null", "device"}); }

TEST_F(BadRows, EmptyFile) {
  write_file(dir_ / "x.npy", "");
  expect_refused(at("x.npy"), 2, {at("x.npy")});
}

TEST_F(BadRows, Truncated) {
  save_npy(dir_ / "x.npy", numbered(DType::f32, 5, 4));
  const std::string whole = read_file(dir_ / "x.npy");
  for (const std::size_t kept : {std::size_t{5}, std::size_t{9}, std::size_t{60}, whole.size() - 1}) {
    write_file(dir_ / "x.npy", whole.substr(0, kept));
    expect_refused(at("x.npy"), 2, {at("x.npy")});
  }
}

TEST_F(BadRows, TrailingBytes) {
  save_npy(dir_ / "x.npy", numbered(DType::f32, 5, 4));
  write_file(dir_ / "x.npy", read_file(dir_ / "x.npy") + "more");
  expect_refused(at("x.npy"), 2, {at("x.npy"), "80", "84"});
}

TEST_F(BadRows, WrongMagic) {
  write_file(dir_ / "x.npy", std::string(200, 'x'));
  expect_refused(at("x.npy"), 2, {at("x.npy")});
  expect_refused(at("model"), 2, {at("model")});
}

TEST_F(BadRows, HeaderLengthBeyondTheFile) {
  write_file(dir_ / "x.npy", std::string("\x93NUMPY\x01\x00\xff\xff", 10) + std::string(100, ' '));
  expect_refused(at("x.npy"), 2, {at("x.npy"), "65535"});
}

TEST_F(BadRows, ByteOrder) { expect_header_refused(dictionary(">f4", "(2, 4)"), 32, {">f4", "big-endian"}); }

TEST_F(BadRows, FortranOrder) {
  expect_header_refused(dictionary("<f4", "(2, 4)", "True"), 32, {"Fortran order"});
}

TEST_F(BadRows, ObjectDtype) { expect_header_refused(dictionary("|O", "(2, 4)"), 32, {"|O"}); }

TEST_F(BadRows, UnservedDtype) { expect_header_refused(dictionary("<c8", "(2, 4)"), 64, {"<c8"}); }

TEST_F(BadRows, Dimensions) {
  expect_header_refused(dictionary("<f4", "()"), 4, {"shape ()"});
  expect_header_refused(dictionary("<f4", "(1, 1, 2, 4)"), 32, {"dimension"});
  expect_header_refused(dictionary("<f4", "(-2, 4)"), 32, {"negative dimension"});
  expect_header_refused(dictionary("<f4", "(99999999999999999999, 4)"), 32, {"dimension"});
  expect_header_refused(dictionary("<f4", "(4611686018427387904, 4)"), 32, {"4611686018427387904"});
  expect_header_refused(dictionary("<f4", "(1000000000000, 4)"), 32, {"16000000000000", "32"});
}

TEST_F(BadRows, Width) {
  save_npy(dir_ / "x.npy", Matrix(DType::f32, 5, 6));
  expect_refused(at("x.npy"), 2, {at("x.npy"), "6 columns", at("model"), "4 inputs"});
}

TEST_F(BadRows, Groups) {
  save_npy(dir_ / "x.npy", Matrix(DType::f32, 5, 4, 3));
  expect_refused(at("x.npy"), 2, {at("x.npy"), "3 groups", "has 1"});
  small_model(4, 3, DType::f32, 2).save(dir_ / "model");
  expect_refused(at("x.npy"), 2, {at("x.npy"), "3 groups", "has 2"});
}

TEST_F(BadRows, RoundingThatNobodyAskedFor) {
  for (const char* dtype : {"<f8", "<i4", "<i8"}) {
    write_npy(dir_ / "x.npy", dictionary(dtype, "(0, 4)"), 0);
    expect_refused(at("x.npy"), 2, {at("x.npy"), "f32", "--convert"});
  }
}

}  // namespace
}  // namespace perceptron::test
