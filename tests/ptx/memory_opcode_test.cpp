// Moves, loads, stores and addresses of the PTX machine, against the bytes themselves.
#include <gtest/gtest.h>

#include <array>
#include <cstring>
#include <functional>

#include "tests/ptx/memory_case.hpp"

namespace perceptron::ptx {
namespace {

using Bytes = std::array<std::uint8_t, 32>;

Bytes bytes_of(const Row& row) {
  Bytes bytes;
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    bytes[index] = static_cast<std::uint8_t>(row[index / 8] >> (8 * (index % 8)));
  }
  return bytes;
}

/// `size` bytes, the lowest first, extended to 64 bits.
std::uint64_t little_endian(const Bytes& bytes, std::size_t first, std::size_t size, bool is_signed = false) {
  std::uint64_t value = is_signed && bytes[first + size - 1] >= 0x80 ? ~std::uint64_t{0} : 0;
  for (std::size_t index = size; index-- > 0;) value = value << 8 | bytes[first + index];
  return value;
}

struct AccessType {
  const char* name;
  std::size_t bytes;
  bool is_signed;
};
constexpr AccessType kTypes[]{{"b8", 1, false},  {"u8", 1, false},  {"s8", 1, true},   {"b16", 2, false},
                              {"u16", 2, false}, {"s16", 2, true},  {"b32", 4, false}, {"u32", 4, false},
                              {"s32", 4, true},  {"f32", 4, false}, {"b64", 8, false}, {"u64", 8, false},
                              {"s64", 8, true},  {"f64", 8, false}};

/// Every type into every register that holds it, extended to the register.
TEST(PtxMemoryOpcode, LoadsOfEveryWidth) {
  for (const AccessType& type : kTypes) {
    for (const std::size_t register_bytes : {2, 4, 8}) {
      if (register_bytes < type.bytes) continue;
      for (const char* form : {"ld.global.", "ld.global.nc.", "ld.", "ld.volatile.global.", "ldu.global.",
                               "ld.relaxed.gpu.global.", "ld.global.nc.L1::no_allocate.L2::128B."}) {
        const std::size_t offset = 2 * type.bytes;
        expect_results(
            {std::string(form) + type.name + " %t, [%from+" + std::to_string(offset) + "];",
             {8, 8, 8, 8},
             register_bytes},
            [&](const Row& row) { return little_endian(bytes_of(row), offset, type.bytes, type.is_signed); });
      }
    }
  }
}

/// Loads and stores of {…}: the elements come and go in order, `_` is left out.
TEST(PtxMemoryOpcode, Vectors) {
  const std::vector<std::size_t> operands{8, 8, 8, 8};
  for (const std::size_t count : {2, 4}) {
    for (const std::size_t bytes : {1, 2, 4, 8}) {
      if (count * bytes > 16) continue;
      const std::string type = ".v" + std::to_string(count) + ".b" + std::to_string(8 * bytes);
      const std::string wanted = bytes == 8 ? "%z" : bytes == 4 ? "%y" : "%x";
      const std::string bits = std::to_string(bytes == 1 ? 16 : 8 * bytes);
      std::string all;
      for (std::size_t element = 0; element < count; ++element) {
        all += (element == 0 ? "{" : ", ") + wanted + std::to_string(element);
      }
      all += "}";
      for (std::size_t element = 0; element < count; ++element) {
        const std::string one = "mov.b" + bits + " %t, " + wanted + std::to_string(element) + ";";
        const auto truth = [&](const Row& row) {
          return little_endian(bytes_of(row), element * bytes, bytes);
        };
        const std::size_t register_bytes = std::max<std::size_t>(bytes, 2);
        expect_results({"ld.global" + type + " " + all + ", [%from]; " + one, operands, register_bytes},
                       truth);
        // Through shared memory, as a vector there and back.
        expect_results({"ld.global" + type + " " + all +
                            ", [%from]; mov.u64 %z7, shared; mov.u32 %index, %tid.x; "
                            "mad.wide.u32 %z7, %index, 32, %z7; st.shared" +
                            type + " [%z7], " + all + "; ld.shared" + type + " " + all + ", [%z7]; " + one,
                        operands, register_bytes, true, ".shared .align 32 .b8 shared[1024];"},
                       truth);
      }
    }
  }
  expect_results({"ld.global.v4.b32 {_, %y1, _, %y3}, [%from]; mov.b64 %t, {%y1, %y3};", operands, 8},
                 [](const Row& row) {
                   return little_endian(bytes_of(row), 4, 4) | little_endian(bytes_of(row), 12, 4) << 32;
                 });
}

/// A narrow store changes its own bytes alone, whatever the space and the register.
TEST(PtxMemoryOpcode, StoresOfEveryWidth) {
  for (const std::string space : {"shared", "local"}) {
    for (const AccessType& type : kTypes) {
      for (const char* value : {"%x0", "%y1", "%b"}) {
        const std::size_t register_bytes = value[1] == 'x' ? 2 : value[1] == 'y' ? 4 : 8;
        if (register_bytes < type.bytes) continue;
        const std::size_t offset = 8 - type.bytes;
        const std::string body =
            "cvt.u16.u64 %x0, %b; cvt.u32.u64 %y1, %b; mov.u64 %z0, memory; cvt.u64.u32 %z1, %tid.x;"
            "mad.lo.u64 %z0, %z1, " +
            std::string(space == "shared" ? "8" : "0") +
            ", %z0;"
            "st." +
            space + ".b64 [%z0], %a; st." + space + "." + type.name + " [%z0+" + std::to_string(offset) +
            "], " + value + "; ld." + space + ".b64 %t, [%z0];";
        expect_results(
            {body, {8, 8}, 8, true, "." + space + " .align 8 .b8 memory[256];"}, [&](const Row& row) {
              const std::size_t shift = 8 * offset;
              const std::uint64_t kept = shift == 0 ? 0 : row[0] & ((std::uint64_t{1} << shift) - 1);
              return kept | row[1] << shift;
            });
        cover("st");
        cover("ld");
      }
    }
  }
}

TEST(PtxMemoryOpcode, ConstantsAndModuleVariables) {
  const std::string table =
      ".const .align 4 .b32 table[3] = {10, -20, 0f3F800000}; .global .align 2 .u16 words[4] = {1, 2, 3};";
  expect_results({"ld.const.b32 %t, [table+4];", {8}, 4, true, table},
                 [](const Row&) { return ~std::uint64_t{19}; });
  expect_results({"mov.u64 %z0, table; ld.const.f32 %t, [%z0+8];", {8}, 4, true, table},
                 [](const Row&) { return 0x3f800000; });
  expect_results({"mov.u64 %z0, words+2; ld.global.u16 %t, [%z0+2];", {8}, 4, true, table},
                 [](const Row&) { return 3; });
  expect_results({"ld.const.b32 %t, table[2];", {8}, 4, true, table}, [](const Row&) { return 0x3f800000; });
  expect_results({"mov.u64 %z0, words[1]; ld.global.u16 %t, [%z0];", {8}, 4, true, table},
                 [](const Row&) { return 2; });
  expect_results({"mov.u64 %z0, words; ld.u16 %t, [%z0+6];", {8}, 4, true, table},
                 [](const Row&) { return 0; });
}

TEST(PtxMemoryOpcode, Moves) {
  const std::vector<std::size_t> operands{8, 8, 8, 8};
  const auto expect = [&](const std::string& body, std::size_t bytes,
                          std::function<std::uint64_t(const Row&)> truth) {
    expect_results({body, operands, bytes}, truth);
  };
  expect("mov.b64 %t, %a;", 8, [](const Row& row) { return row[0]; });
  expect("mov.f64 %t, %a;", 8, [](const Row& row) { return row[0]; });
  expect("cvt.u32.u64 %y0, %a; mov.b32 %t, %y0;", 4, [](const Row& row) { return row[0]; });
  expect("cvt.u16.u64 %x0, %a; mov.u16 %t, %x0;", 2, [](const Row& row) { return row[0]; });
  expect("mov.b64 {%y0, %y1}, %a; mov.b64 %t, {%y1, %y0};", 8,
         [](const Row& row) { return row[0] << 32 | row[0] >> 32; });
  expect("mov.b64 {_, %y1}, %a; mov.b32 %t, %y1;", 4, [](const Row& row) { return row[0] >> 32; });
  expect("cvt.u32.u64 %y0, %a; mov.b32 {%x0, %x1}, %y0; mov.b32 %t, {%x1, %x0};", 4,
         [](const Row& row) { return (row[0] & 0xffff) << 16 | (row[0] >> 16 & 0xffff); });
  expect("mov.b64 {%x0, %x1, %x2, %x3}, %a; mov.b64 %t, {%x3, %x0, %x2, %x1};", 8, [](const Row& row) {
    const std::uint64_t a = row[0];
    return a >> 48 | (a & 0xffff) << 16 | (a >> 32 & 0xffff) << 32 | (a >> 16 & 0xffff) << 48;
  });
  // A 16-bit register holds 16 bits, whatever was loaded or computed into it.
  expect("ld.global.s8 %x0, [%from]; mov.b32 %t, {%x0, %x0};", 4, [](const Row& row) {
    const auto half = static_cast<std::uint16_t>(static_cast<std::int8_t>(row[0]));
    return std::uint64_t{half} << 16 | half;
  });
}

TEST(PtxMemoryOpcode, Immediates) {
  const auto expect = [&](const std::string& body, std::size_t bytes, std::uint64_t truth) {
    expect_results({body, {8}, bytes}, [=](const Row&) { return truth; });
  };
  expect("mov.u32 %t, 4294967295;", 4, 0xffffffff);
  expect("mov.s32 %t, -5;", 4, ~std::uint64_t{4});
  expect("mov.u64 %t, -5;", 8, ~std::uint64_t{4});
  expect("mov.u64 %t, 0xFFFFFFFF;", 8, 0xffffffff);
  expect("mov.b16 %t, -1;", 2, 0xffff);
  expect("mov.f32 %t, 0fBF800000;", 4, 0xbf800000);
  expect("mov.f64 %t, 0d3FF8000000000000;", 8, 0x3ff8000000000000);
  expect("mov.f64 %t, 1.5;", 8, 0x3ff8000000000000);
  expect("mov.f32 %t, -1.5;", 4, 0xbfc00000);  // Decimal literals are doubles until an f32 takes them.
  expect("add.rn.f32 %t, 0f3F800000, 0.5;", 4, 0x3fc00000);
  expect("mov.u32 %t, WARP_SZ;", 4, 32);
}

TEST(PtxMemoryOpcode, SpecialRegisters) {
  const std::vector<Row> rows = random_rows(96);
  const auto expect = [&](const std::string& name, auto truth) {
    const std::vector<std::uint64_t> results = run_snippet({"mov.u32 %t, " + name + ";", {8}, 4}, rows);
    for (std::size_t row = 0; row < rows.size(); ++row) {
      EXPECT_EQ(results[row],
                truth(static_cast<std::uint32_t>(row % 32), static_cast<std::uint32_t>(row / 32)))
          << name;
    }
  };
  using W = std::uint32_t;
  for (const char* name : {"%tid.x", "%laneid"}) expect(name, [](W lane, W) { return lane; });
  for (const char* name : {"%tid.y", "%tid.z", "%ctaid.y", "%ctaid.z", "%warpid", "%dynamic_smem_size"})
    expect(name, [](W, W) { return 0U; });
  for (const char* name : {"%ntid.y", "%ntid.z", "%nctaid.y", "%nctaid.z"})
    expect(name, [](W, W) { return 1U; });
  expect("%ntid.x", [](W, W) { return 32U; });
  expect("%nwarpid", [](W, W) { return 64U; });
  expect("%ctaid.x", [](W, W block) { return block; });
  expect("%nctaid.x", [](W, W) { return 3U; });
  expect("%lanemask_eq", [](W lane, W) { return 1U << lane; });
  expect("%lanemask_lt", [](W lane, W) { return (1U << lane) - 1; });
  expect("%lanemask_le", [](W lane, W) { return (1U << lane) - 1 + (1U << lane); });
  expect("%lanemask_gt", [](W lane, W) { return ~((1U << lane) - 1 + (1U << lane)); });
  expect("%lanemask_ge", [](W lane, W) { return ~((1U << lane) - 1); });
  const char* is_below =
      "mov.u32 %y1, %smid; mov.u32 %y2, %nsmid; setp.lt.u32 p0, %y1, %y2; selp.b32 %t, 1, 0, p0;";
  for (const std::uint64_t result : run_snippet({is_below, {8}, 4}, rows)) EXPECT_EQ(result, 1U);
}

}  // namespace
}  // namespace perceptron::ptx
