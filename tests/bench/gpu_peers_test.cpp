// Peers' libraries that are missing, incomplete, or there without a GPU.
#include "bench/gpu/peers/peers.hpp"

#include <gtest/gtest.h>

#include "bench/gpu/nvml.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::bench::gpu {
namespace {

TEST(GpuPeers, AMissingLibraryIsNamedWithEveryPlaceThatWasTried) {
  test::expect_error<LibraryMissing>(
      [] {
        SharedLibrary({"libno-such.so.13", "libno-such.so.12"}, {"/no/such/folder"});
      },
      {"libno-such.so.13: not found", "/no/such/folder/libno-such.so.12"});
}

TEST(GpuPeers, AFunctionThatALibraryLacksIsNamed) {
  const SharedLibrary library({"libm.so.6"}, {"/no/such/folder"});
  EXPECT_EQ(library.path(), "libm.so.6");
  double (*const cosine)(double) = library["cos"];
  EXPECT_EQ(cosine(0), 1);
  test::expect_error<LibraryMissing>([&] { library["no_such"]; }, {"libm.so.6: has no function no_such"});
}

TEST(GpuPeers, EachOneLoadsOrIsLeftOutWithAReason) {
  for (const auto& folders : {std::vector<std::string>{"/no/such/folder"}, toolkit_folders()}) {
    std::vector<std::string> left_out;
    const Peers peers = load_peers(folders, left_out);
    EXPECT_GE(peers.size() + left_out.size(), 1U);
    EXPECT_LE(peers.size() + left_out.size(), 2U);
    for (const std::string& reason : left_out) EXPECT_GT(reason.size(), 10U);
  }
}

TEST(GpuPeers, WithoutTheManagementLibraryFiguresAreUnknown) {
  const Nvml nvml("no such bus");
  EXPECT_EQ(nvml.driver(), "");
  EXPECT_EQ(nvml.power_limit_watts(), 0);
  EXPECT_EQ(nvml.temperature_celsius(), 0);
  EXPECT_EQ(nvml.joules(), 0);
}

}  // namespace
}  // namespace perceptron::bench::gpu
