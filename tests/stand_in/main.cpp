// main() of tests over the stand-in: after every test nothing lives, nothing was misused, and the current
// device is the one that it was.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include "tests/stand_in/stand_in.hpp"

namespace perceptron::stand_in {
namespace {

class Inspection : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo&) override {
    for (const std::string& violation : take_violations()) ADD_FAILURE() << violation;
    EXPECT_EQ(live(), 0U) << "allocations, streams, events and graphs were not given back";
    int device = -1;
    EXPECT_EQ(cudaGetDevice(&device), cudaSuccess);
    EXPECT_EQ(device, 0) << "the current device";
    revive();
  }
};

}  // namespace
}  // namespace perceptron::stand_in

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  testing::UnitTest::GetInstance()->listeners().Append(new perceptron::stand_in::Inspection);
  return RUN_ALL_TESTS();
}
