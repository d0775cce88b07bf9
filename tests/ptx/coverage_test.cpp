// Every opcode in the machine's table is tried by some opcode test, or listed here with the tests that try
// it.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "src/ptx/operations.hpp"
#include "tests/ptx/snippet.hpp"

namespace perceptron::ptx {
namespace {

/// What shows only over time and between threads is no business of single instructions.
const std::map<std::string, std::string, std::less<>> kElsewhere{
    {"call", "call_test: of functions, assert, printf"},
    {"cp", "tests/faults: copies by group and by mbarrier, early and late"},
    {"mbarrier", "tests/faults: phases, parity, transactions"},
    {"fence", "tests/faults: warp_flag without it, and bulk_ring without fence.mbarrier_init"},
    {"griddepcontrol", "exit_test: it changes nothing"},
    {"setmaxnreg", "exit_test: it changes nothing"},
    {"membar", "tests/faults: last_block without it, or of the block only"},
};

/// Behind all tests, since any of them may cover an opcode; only where all of them ran.
class Coverage : public testing::Environment {
 public:
  void TearDown() override {
    if (testing::GTEST_FLAG(filter) != "*") return;
    for (const std::string_view opcode : operation_names()) {
      const bool is_covered = covered_opcodes().contains(opcode);
      EXPECT_NE(is_covered, kElsewhere.contains(opcode))
          << opcode << (is_covered ? " is covered here and excused as well" : " is covered by no test");
    }
    for (const std::string& opcode : covered_opcodes()) {
      EXPECT_NE(find_operation(opcode), nullptr) << opcode << " is covered, but the machine does not know it";
    }
    for (const auto& [opcode, reason] : kElsewhere) EXPECT_NE(find_operation(opcode), nullptr) << opcode;
  }
};

const testing::Environment* const kCoverage = testing::AddGlobalTestEnvironment(new Coverage);

}  // namespace
}  // namespace perceptron::ptx
