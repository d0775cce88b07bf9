// What the build made of the kernels: every policy's entry is in its family's PTX and in the table of
// resources, and nothing in the PTX breaks the numeric contract.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "kernels/families.hpp"
#include "kernels/images.hpp"
#include "kernels/resources.hpp"

namespace perceptron {
namespace {

using kernels::Candidate;

class KernelBuild : public testing::Test {
 protected:
  void SetUp() override {
    if (kernels::images().empty()) GTEST_SKIP() << "built without CUDA";
  }
};

TEST_F(KernelBuild, EveryEntryIsInItsImageAndInTheTable) {
  for (const Candidate& candidate : kernels::candidates()) {
    const kernels::Image* image = kernels::find_image(candidate.family);
    ASSERT_NE(image, nullptr) << candidate.family;
    for (const DTypeTraits& dtype : kDTypes) {
      const std::string entry(candidate.entry(dtype.dtype));
      if (entry.empty()) continue;
      EXPECT_NE(image->ptx.find(".entry " + entry + "("), std::string_view::npos) << entry;
      const auto rows = kernels::resources();
      EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [&](const auto& row) { return row.entry == entry; }))
          << entry;
    }
  }
}

TEST_F(KernelBuild, ImagesEndInNulAndHoldAFatBinary) {
  for (const kernels::Image& image : kernels::images()) {
    EXPECT_EQ(image.ptx.data()[image.ptx.size()], '\0') << image.family;
    EXPECT_GT(image.fatbin.size(), 1000U) << image.family;
  }
  EXPECT_EQ(kernels::find_image("no_such_family"), nullptr);
}

TEST_F(KernelBuild, EntriesUseRegistersAndDoNotSpill) {
  for (const kernels::Resources& row : kernels::resources()) {
    EXPECT_GT(row.registers, 0) << row.entry;
    EXPECT_LE(row.registers, 255) << row.entry;
    EXPECT_EQ(row.spill_bytes + row.stack_bytes, 0) << row.entry << " sm_" << row.architecture;
  }
}

TEST_F(KernelBuild, ArithmeticIsRoundedAsTheContractHasIt) {
  // An add, sub, mul or fma without its rounding may be contracted.
  for (const std::string_view forbidden :
       {".approx", ".ftz", "div.full", "add.f32", "add.f64", "sub.f32", "sub.f64", "mul.f32", "mul.f64",
        "fma.f32", "fma.f64", "mad.f32", "mad.f64"}) {
    for (const kernels::Image& image : kernels::images()) {
      EXPECT_EQ(image.ptx.find(forbidden), std::string_view::npos) << image.family << ": " << forbidden;
    }
  }
}

TEST_F(KernelBuild, NoPathOfThisMachineIsInThePtx) {
  const auto repository = std::filesystem::path(__FILE__).parent_path().parent_path().parent_path();
  ASSERT_TRUE(repository.is_absolute());
  for (const kernels::Image& image : kernels::images()) {
    EXPECT_EQ(image.ptx.find(repository.string()), std::string_view::npos) << image.family;
  }
}

}  // namespace
}  // namespace perceptron
