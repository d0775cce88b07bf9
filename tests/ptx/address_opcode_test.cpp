// Addresses of the PTX machine: of spaces and generic ones, from one to the other.
#include <string>

#include "perceptron/error.hpp"
#include "tests/ptx/memory_case.hpp"

namespace perceptron::ptx {
namespace {

/// A shared or local address, made generic, leads to the same bytes, and back again.
TEST(PtxAddressOpcode, AddressesOfSpaces) {
  for (const std::string space : {"shared", "local"}) {
    const std::string memory =
        "." + space + " .align 8 .b8 before[8]; ." + space + " .align 8 .b8 memory[256];";
    const std::string address = "mov.u64 %z0, memory; cvt.u64.u32 %z1, %tid.x; mad.lo.u64 %z0, %z1, " +
                                std::string(space == "shared" ? "8" : "0") + ", %z0;";
    expect_results(
        {address + "cvta." + space + ".u64 %z2, %z0; st.b64 [%z2], %a; ld." + space + ".b64 %t, [%z0];",
         {8},
         8,
         true,
         memory},
        [](const Row& row) { return row[0]; });
    expect_results(
        {address + "cvta." + space + ".u64 %z2, %z0; st." + space + ".b64 [%z0], %a; ld.b64 %t, [%z2];",
         {8},
         8,
         true,
         memory},
        [](const Row& row) { return row[0]; });
    expect_results({address + "cvta." + space + ".u64 %z2, %z0; cvta.to." + space +
                        ".u64 %z3, %z2; sub.s64 %t, %z3, %z0;",
                    {8},
                    8,
                    true,
                    memory},
                   [](const Row&) { return 0; });
  }
  expect_results({"cvta.to.global.u64 %z0, %from; ld.global.b64 %t, [%z0];", {8}, 8},
                 [](const Row& row) { return row[0]; });
  expect_results({"cvta.global.u64 %z0, %from; ld.b64 %t, [%z0];", {8}, 8},
                 [](const Row& row) { return row[0]; });
  expect_results({"prefetch.global.L2 [%from]; mov.b64 %t, %a;", {8}, 8},
                 [](const Row& row) { return row[0]; });
  for (const char* opcode : {"cvta", "prefetch"}) cover(opcode);
}

TEST(PtxAddressOpcode, SpacesOfAddresses) {
  const std::string memory = ".shared .align 8 .b8 in_shared[8]; .local .align 8 .b8 in_local[8];";
  const std::string addresses[]{"mov.u64 %z0, %from;", "mov.u64 %z0, in_shared; cvta.shared.u64 %z0, %z0;",
                                "mov.u64 %z0, in_local; cvta.local.u64 %z0, %z0;",
                                "mov.u64 %z0, arguments; cvta.param.u64 %z0, %z0;", "mov.u64 %z0, 0;"};
  for (const std::string space : {"global", "shared", "shared::cta", "local", "param"}) {
    for (std::size_t index = 0; index < 5; ++index) {
      const std::size_t own = space == "global" ? 0 : space == "local" ? 2 : space == "param" ? 3 : 1;
      const bool is_there = index == own || (index == 4 && own == 0);
      expect_results(
          {addresses[index] + "isspacep." + space + " p0, %z0; selp.u32 %t, 1, 0, p0;", {8}, 4, true, memory},
          [&](const Row&) { return is_there ? 1 : 0; });
    }
  }
  cover("isspacep");
  const std::string variables = ".global .b32 global = 5; .const .b32 constant = 5;";
  for (const std::string space : {"global", "constant"}) {
    expect_results({"mov.u64 %z0, " + space + "; isspacep.global p0, %z0; selp.u32 %t, 1, 0, p0;",
                    {8},
                    4,
                    true,
                    variables},
                   [&](const Row&) { return space == "global" ? 1 : 0; });
  }
}

/// Where shared memory is named, a generic address is a fault, whole or cut to 32 bits.
TEST(PtxAddressOpcode, GenericAddressesAreNoneOfSharedMemory) {
  const std::string generic =
      "mov.u64 %z0, memory; cvta.shared.u64 %z0, %z0; cvt.u32.u64 %y0, %z0; mov.u64 %t, 0; ";
  for (const char* use : {"st.shared.b32 [%z0], 1;", "st.shared.b32 [%y0], 1;", "ld.shared.b32 %y1, [%z0];",
                          "red.shared.add.u32 [%z0], 1;", "cp.async.ca.shared.global [%z0], [%from], 8;",
                          "cp.async.ca.shared.global [%y0], [%from], 8;"}) {
    try {
      run_snippet({generic + use, {8}, 8, false, ".shared .align 8 .b8 memory[256];"}, random_rows(32));
      ADD_FAILURE() << use;
    } catch (const KernelFault& fault) {
      EXPECT_EQ(fault.kind(), FaultKind::out_of_bounds) << use;
      EXPECT_NE(std::string(fault.what()).find("cvta.to.shared is missing"), std::string::npos)
          << fault.what();
    }
  }
}

}  // namespace
}  // namespace perceptron::ptx
