// Machines without a usable GPU, and builds without CUDA: nothing fails but what asks for a GPU, and that
// says why.
#include <gtest/gtest.h>

#include "perceptron/error.hpp"
#include "perceptron/validate.hpp"
#include "src/cuda/cuda_device.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::cuda {
namespace {

using test::expect_error;

class CudaAbsent : public testing::Test {
 protected:
  void SetUp() override {
    if (absence().empty()) GTEST_SKIP() << "this machine has a GPU: " << cuda_devices().front().description;
  }
};

TEST_F(CudaAbsent, NoDeviceIsListed) {
  EXPECT_TRUE(cuda_devices().empty());
  EXPECT_TRUE(cuda_devices().empty());
}

TEST_F(CudaAbsent, TheReasonIsOneLine) {
  EXPECT_EQ(absence().find('\n'), std::string::npos);
  const bool names_a_cause = absence().find("driver") != std::string::npos ||
                             absence().find("PERCEPTRON_CUDA") != std::string::npos ||
                             absence().find("compute capability") != std::string::npos;
  EXPECT_TRUE(names_a_cause) << absence();
}

TEST_F(CudaAbsent, AskingForOneNamesItAndTheReason) {
  for (const int number : {0, 1, 99, -1}) {
    try {
      cuda_accelerator(number);
      ADD_FAILURE() << "cuda:" << number << " was made";
    } catch (const DeviceMissing& error) {
      const std::string text = error.what();
      EXPECT_NE(text.find("\"cuda:" + std::to_string(number) + "\""), std::string::npos) << text;
      EXPECT_NE(text.find(absence()), std::string::npos) << text;
    } catch (const Unsupported& error) {  // A GPU that is too old.
      EXPECT_NE(std::string(error.what()).find("compute capability"), std::string::npos) << error.what();
    }
  }
}

TEST_F(CudaAbsent, DeviceMemoryCannotBeValidated) {
  const float weight[] = {1, 2}, x[] = {3, 4}, y[] = {11};
  const Layer layer{{weight, 1, 2}, {}, ActivationKind::identity};
  const ConstMatrixView x_view(x, 1, 2), y_view(y, 1, 1);
  expect_error<DeviceMissing>([&] { validate(x_view, layer, y_view.on_device()); },
                              {"y: ", "device memory", absence()});
  expect_error<DeviceMissing>([&] { validate(x_view.on_device(), layer, y_view); },
                              {"x: ", "device memory", absence()});
}

TEST(CudaName, IsReadInItsThreeForms) {
  EXPECT_EQ(parse_device_name("cuda").number, 0);
  EXPECT_EQ(parse_device_name("cuda").policy, "");
  EXPECT_EQ(parse_device_name("cuda:12").number, 12);
  EXPECT_EQ(parse_device_name("cuda:12").policy, "");
  EXPECT_EQ(parse_device_name("cuda:1:tile_fma/64x64").number, 1);
  EXPECT_EQ(parse_device_name("cuda:1:tile_fma/64x64").policy, "tile_fma/64x64");
}

TEST(CudaName, IsToldFromThoseOfOtherDevices) {
  for (const char* name : {"cuda", "cuda:0", "cuda:", "cuda:x"}) EXPECT_TRUE(is_device_name(name)) << name;
  for (const char* name : {"", "cpu", "cud", "cudax", "ptx", "CUDA"})
    EXPECT_FALSE(is_device_name(name)) << name;
}

TEST(CudaName, IsRefusedWhereItIsMalformed) {
  for (const char* name : {"cuda:", "cuda:x", "cuda:-1", "cuda:+1", "cuda: 1", "cuda:1x",
                           "cuda:1:", "cuda::a/b", "cuda:99999999999", "cpu"}) {
    expect_error<InvalidArgument>([&] { parse_device_name(name); }, {name, "cuda:N"});
  }
}

}  // namespace
}  // namespace perceptron::cuda
