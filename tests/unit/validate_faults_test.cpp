// Validation must be able to fail: faults of kernels, planted one by one, and which judgement catches which.
// Reproducible arithmetic is held to its bits and catches all of them. Intervals let pass what correct
// arithmetic may do: another order or direction of rounding in the sum, and the lowest bit.
#include <gtest/gtest.h>

#include <cfenv>
#include <cmath>
#include <cstring>
#include <functional>
#include <string>

#include "perceptron/validate.hpp"
#include "src/reference/canonical.hpp"
#include "tests/support/random_model.hpp"

namespace perceptron {
namespace {

using test::random_matrix;

constexpr std::int64_t kGroups = 3, kRows = 33, kInputs = 300, kOutputs = 20;

/// Operands of one layer, and what the contract makes of them.
struct Subject {
  explicit Subject(DType storage, ActivationKind kind = ActivationKind::tanh)
      : x(random_matrix(Matrix(storage, kRows, kInputs, kGroups), 1)),
        w(random_matrix(Matrix(storage, kOutputs, kInputs, kGroups), 2, 0.05)),
        b(random_matrix(Matrix(storage, 1, kOutputs, kGroups), 3)),
        activation(kind),
        y(storage, kRows, kOutputs, kGroups) {
    compute(layer(), y);
  }

  Layer layer() const { return {w, b, activation}; }
  void compute(const Layer& by, Matrix& to) const { reference::canonical(x, by, to.view()); }
  void recompute(const Layer& by) { compute(by, y); }
  /// Calls f(element, group, row, column) for each element of y.
  template <class F>
  void each(F&& f) {
    visit_dtype(y.dtype(), [&]<class T>(T) {
      for (std::int64_t index = 0; index < kGroups * kRows * kOutputs; ++index) {
        f(static_cast<T*>(y.data())[index], index / kOutputs / kRows, index / kOutputs % kRows,
          index % kOutputs);
      }
    });
  }

  Matrix x, w, b;
  Activation activation;
  Matrix y;
};

void zero_output(Subject& subject) { std::memset(subject.y.data(), 0, subject.y.size_bytes()); }

void missing_bias(Subject& subject) { subject.recompute({subject.w, {}, subject.activation}); }

/// The last row keeps what an earlier call wrote there.
void last_row_stale(Subject& subject) {
  for (std::int64_t group = 0; group < kGroups; ++group) {
    const auto row = [&](std::int64_t number) { return subject.y.view().element(group, number); };
    std::memcpy(row(kRows - 1), row(4), static_cast<std::size_t>(kOutputs) * size_of(subject.y.dtype()));
  }
}

/// The 12 inputs behind the last multiple of 16.
void last_step_dropped(Subject& subject) {
  Matrix w = copy(std::as_const(subject.w).view());
  for (std::int64_t row = 0; row < kGroups * kOutputs; ++row) {
    const std::size_t size = size_of(w.dtype());
    auto* const end =
        static_cast<std::byte*>(w.data()) + static_cast<std::size_t>((row + 1) * kInputs) * size;
    std::memset(end - 12 * size, 0, 12 * size);
  }
  subject.recompute({w, subject.b, subject.activation});
}

void columns_swapped(Subject& subject) {
  visit_dtype(subject.y.dtype(), [&]<class T>(T) {
    for (std::int64_t row = 0; row < kGroups * kRows; ++row) {
      auto* const first = static_cast<T*>(subject.y.data()) + row * kOutputs;
      std::swap(first[5], first[9]);
    }
  });
}

void wrong_activation(Subject& subject) {
  subject.recompute({subject.w, subject.b, ActivationKind::softsign});
}

/// Of every output, towards zero instead of to nearest: only where the output type is narrower is there a
/// rounding.
void output_cut(Subject& subject) {
  Matrix wide(accumulator_of(subject.y.dtype()), kRows, kOutputs, kGroups);
  subject.compute(subject.layer(), wide);
  const Matrix values = copy(std::as_const(wide).view(), DType::f64);
  const auto* exact = static_cast<const double*>(values.data());
  subject.each([&](auto& element, auto...) {
    using T = std::remove_reference_t<decltype(element)>;
    if constexpr (sizeof(T) == 2) {
      if (std::fabs(static_cast<double>(element)) > std::fabs(*exact)) --element.bits;
    }
    ++exact;
  });
}

template <class A>
void cut_sums(Subject& subject) {
  const Matrix x = copy(std::as_const(subject.x).view(), kDTypeOf<A>),
               w = copy(std::as_const(subject.w).view(), kDTypeOf<A>),
               b = copy(std::as_const(subject.b).view(), kDTypeOf<A>);
  subject.each([&](auto& element, std::int64_t group, std::int64_t row, std::int64_t column) {
    const auto* input = static_cast<const A*>(x.view().element(group, row));
    const auto* weight = static_cast<const A*>(w.view().element(group, column));
    const A bias = static_cast<const A*>(b.view().element(group, 0))[column];
    volatile A sum = 0;
    std::fesetround(FE_TOWARDZERO);
    for (std::int64_t k = 0; k < kInputs; ++k) {
      volatile A product = input[k] * weight[k];
      sum = sum + product;
    }
    sum = sum + bias;
    std::fesetround(FE_TONEAREST);
    using T = std::remove_reference_t<decltype(element)>;
    element = static_cast<T>(sum);
  });
}

void sums_cut(Subject& subject) {
  accumulator_of(subject.y.dtype()) == DType::f64 ? cut_sums<double>(subject) : cut_sums<float>(subject);
}

/// Counted from the lowest.
void flip(Subject& subject, std::size_t bit) {
  auto* const element =
      static_cast<unsigned char*>(subject.y.view().element(2, 17)) + 6 * size_of(subject.y.dtype());
  element[bit / 8] ^= static_cast<unsigned char>(1U << bit % 8);
}
void lowest_bit(Subject& subject) { flip(subject, 0); }
void sign_bit(Subject& subject) { flip(subject, 8 * size_of(subject.y.dtype()) - 1); }
/// The highest bit of the fraction.
void fraction_bit(Subject& subject) {
  flip(subject, static_cast<std::size_t>(traits(subject.y.dtype()).significand_bits) - 2);
}

void first_group_everywhere(Subject& subject) {
  subject.recompute({subject.w.view().with_groups(kGroups, 0), subject.b.view().with_groups(kGroups, 0),
                     subject.activation});
}

/// Kernels that sum in 16 bits.
void narrow_sums(Subject& subject) {
  const Matrix x = copy(std::as_const(subject.x).view(), DType::f16);
  const Matrix w = copy(std::as_const(subject.w).view(), DType::f16);
  const Matrix b = copy(std::as_const(subject.b).view(), DType::f64);
  subject.each([&](auto& element, std::int64_t group, std::int64_t row, std::int64_t column) {
    const auto* input = static_cast<const Float16*>(x.view().element(group, row));
    const auto* weight = static_cast<const Float16*>(w.view().element(group, column));
    Float16 sum(static_cast<const double*>(b.view().element(group, 0))[column]);
    for (std::int64_t k = 0; k < kInputs; ++k)
      sum = Float16(std::fma(input[k], weight[k], static_cast<float>(sum)));
    using T = std::remove_reference_t<decltype(element)>;
    element = static_cast<T>(static_cast<float>(sum));
  });
}

/// Who catches a fault. A wrong lowest bit lies inside the interval unless y is so much narrower than the
/// sums that only one value is left: bf16.
enum class Caught { by_both, by_bits, by_bits_unless_bf16 };

bool is_caught_by_interval(Caught caught, DType dtype) {
  return caught == Caught::by_both || (caught == Caught::by_bits_unless_bf16 && dtype == DType::bf16);
}

struct Fault {
  const char* name;
  void (*plant)(Subject&);
  Caught caught = Caught::by_both;
  const char* shared = "";  ///< A part of what the failures share; empty: not looked at.
  ActivationKind activation = ActivationKind::tanh;
};

constexpr Fault kFaults[] = {
    {"zero output", zero_output, Caught::by_both, "nothing: they lie all over y"},
    {"missing bias", missing_bias},
    {"last row stale", last_row_stale, Caught::by_both, "row 32 (the last)"},
    {"last step of inputs dropped", last_step_dropped},
    {"two columns swapped", columns_swapped, Caught::by_both, "columns 5 and 9"},
    {"wrong activation", wrong_activation},
    {"outputs rounded toward zero", output_cut},
    {"sums rounded toward zero", sums_cut, Caught::by_bits, "", ActivationKind::identity},
    {"sums in 16 bits", narrow_sums, Caught::by_both, "", ActivationKind::identity},
    {"the lowest bit of one element", lowest_bit, Caught::by_bits_unless_bf16,
     "group 2 (the last), row 17, column 6"},
    {"the highest bit of one fraction", fraction_bit, Caught::by_both,
     "group 2 (the last), row 17, column 6"},
    {"one sign", sign_bit, Caught::by_both, "group 2 (the last), row 17, column 6"},
    {"group 0 for all groups", first_group_everywhere, Caught::by_both, "groups 1 to 2 of 3"},
};

/// f16 and bf16 outputs hide most of what their sums lose; f64 and f32 are not rounded when they are stored.
bool changes_outputs(const Fault& fault, DType dtype) {
  if (fault.plant == output_cut) return size_of(dtype) == 2;
  if (fault.plant == sums_cut) return size_of(dtype) >= 4;
  if (fault.plant == narrow_sums) return dtype == DType::f16 || dtype == DType::f32;
  return true;
}

TEST(ValidateFaults, RightOutputsPass) {
  for (const DTypeTraits& dtype : kDTypes) {
    for (const ActivationKind kind : {ActivationKind::tanh, ActivationKind::identity}) {
      const Subject subject(dtype.dtype, kind);
      for (const Arithmetic arithmetic : {Arithmetic::reproducible, Arithmetic::tensor}) {
        const Verdict verdict = validate(subject.x, subject.layer(), subject.y, arithmetic);
        EXPECT_TRUE(verdict.passed()) << dtype.name << '\n' << describe(verdict);
        EXPECT_EQ(mistrust(verdict), "");
      }
    }
  }
}

TEST(ValidateFaults, EveryPlantedFaultIsCaught) {
  for (const Fault& fault : kFaults) {
    for (const DTypeTraits& traits : kDTypes) {
      const DType dtype = traits.dtype;
      if (!changes_outputs(fault, dtype)) continue;
      SCOPED_TRACE(std::string(fault.name) + ", " + std::string(traits.name));
      Subject subject(dtype, fault.activation);
      fault.plant(subject);
      const Verdict bits = validate(subject.x, subject.layer(), subject.y, Arithmetic::reproducible);
      EXPECT_FALSE(bits.passed());
      EXPECT_NE(shared_by_failures(bits).find(fault.shared), std::string::npos) << shared_by_failures(bits);
      const Verdict interval = validate(subject.x, subject.layer(), subject.y, Arithmetic::tensor);
      EXPECT_EQ(interval.passed(), !is_caught_by_interval(fault.caught, dtype)) << describe(interval);
      if (interval.passed()) continue;
      EXPECT_NE(shared_by_failures(interval).find(fault.shared), std::string::npos) << describe(interval);
      EXPECT_GT(interval.worst->share, 1);
    }
  }
}

}  // namespace
}  // namespace perceptron
