// The benchmark on a GPU from end to end over the CUDA runtime whose devices are PTX machines: its figures
// mean nothing, but everything of it but its peers runs, and their pass behind the product by itself.
#include "bench/gpu/run.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <utility>

#include "bench/gpu/cuda_objects.hpp"
#include "bench/gpu/kernels.hpp"
#include "bench/gpu/report.hpp"
#include "perceptron/matrix.hpp"
#include "src/reference/canonical.hpp"
#include "tests/stand_in/stand_in.hpp"
#include "tests/support/random_model.hpp"
#include "tests/support/temp_dir.hpp"

namespace perceptron::bench::gpu {
namespace {

/// So little memory and cache that copies of them take no time.
Gpu small_gpu() {
  Gpu gpu = open_gpu("cuda:0");
  gpu.memory_bytes = 64 << 20;
  gpu.l2_bytes = 64 << 10;
  return gpu;
}

/// The first problem is one that no kernel computes. Enqueueing takes 6000 launches, whatever the time.
CommandLine small_line() {
  CommandLine line;
  for (const char* text : {"8x8x8:f32:relu:tensor", "33x300x17:f32:gelu", "200x40x3:bf16:sigmoid",
                           "2@5x64x9:f64:tanh:sharedx", "20x64x66:f16:softmax:nobias"}) {
    line.problems.push_back(Problem::parse(text));
  }
  line.host_problems = {Problem::parse("300x16x4:f32:relu"), Problem::parse("2@50x16x4:f32:relu:sharedx")};
  line.seconds = 40;
  line.commit = "abc1234";
  return line;
}

bool is_measured(const Figure& figure) { return figure.kept > 0 && figure.nanoseconds.median > 0; }

TEST(GpuRun, MeasuresWhatItWasAskedAndTellsWhatFailed) {
  const test::TempDir folder;
  CommandLine line = small_line();
  line.json = folder.path() / "run.json";
  const Report report = run(line, small_gpu());
  ASSERT_EQ(report.wrong.size(), 1U);
  EXPECT_NE(report.wrong.front().find("8x8x8:f32:relu:tensor: "), std::string::npos) << report.wrong.front();
  EXPECT_EQ(report.ceilings.size(), 8U);
  for (const Ceiling& ceiling : report.ceilings) EXPECT_TRUE(is_measured(ceiling.figure)) << ceiling.name;
  ASSERT_TRUE(report.enqueue.has_value());
  EXPECT_GT(report.enqueue->ratio, 0);
  EXPECT_TRUE(is_measured(report.enqueue->graph_device));
  ASSERT_EQ(report.host.size(), line.host_problems.size());
  for (const HostResult& host : report.host) EXPECT_GT(host.pinned_share, 0) << to_string(host.problem);
  ASSERT_EQ(report.comparisons.size(), line.problems.size() - 1);
  for (const Comparison& comparison : report.comparisons) {
    EXPECT_TRUE(is_measured(comparison.ours().figure)) << to_string(comparison.problem);
    EXPECT_GT(comparison.share(), 0) << to_string(comparison.problem);
  }
  std::ifstream written(line.json);
  EXPECT_EQ(Json::parse(written), to_json(report)) << "the file is kept up with the run";
  EXPECT_FALSE(table(report).empty());
}

/// Host rows to the device and back.
class OnDevice {
 public:
  explicit OnDevice(Matrix host)
      : host_(std::move(host)), memory_(allocate_device(host_.size_bytes(), "test")) {
    check(cudaMemcpy(memory_.get(), host_.data(), host_.size_bytes(), cudaMemcpyHostToDevice), "copying");
  }
  MatrixView view() {
    MatrixView view = host_.view();
    view.data = memory_.get();
    return view.on_device();
  }
  const Matrix& brought() {
    check(cudaMemcpy(host_.data(), memory_.get(), host_.size_bytes(), cudaMemcpyDeviceToHost), "copying");
    return host_;
  }

 private:
  Matrix host_;
  DeviceMemory memory_;
};

void set(Matrix& matrix, std::int64_t row, std::int64_t column, double value) {
  visit_dtype(matrix.dtype(), [&]<class T>(T) {
    static_cast<T*>(matrix.view().element(0, row))[column] = static_cast<T>(value);
  });
}

/// Peers are given the product and this pass: with W = 1 the reference's f(x + b) is what it must write.
TEST(GpuKernels, ThePassOfPeersGivesTheReferencesBits) {
  for (const ActivationTraits& activation : kActivations) {
    const Activation f = Activation::parse(activation.name);
    for (const DTypeTraits& dtype : kDTypes) {
      for (const std::int64_t columns : {1, 16, 19}) {
        if (!can_finish(dtype.dtype, dtype.dtype, f.kind)) continue;
        Matrix one(dtype.dtype, columns, columns);
        for (std::int64_t i = 0; i < columns; ++i) set(one, i, i, 1);
        const Matrix z = test::random_matrix(Matrix(dtype.dtype, 21, columns), 3);
        const Matrix narrow_bias = test::random_matrix(Matrix(dtype.dtype, 1, columns), 4);
        const Layer layer{one, narrow_bias, f};
        Matrix expected(dtype.dtype, 21, columns);
        reference::canonical(z, layer, expected.view());
        OnDevice y(copy(z.view())), narrow(copy(narrow_bias.view()));
        OnDevice bias(Matrix(accumulator_of(dtype.dtype), 1, columns));
        widen(nullptr, narrow.view(), bias.view());
        finish(nullptr, y.view(), bias.view().data, f);
        EXPECT_EQ(test::bytes_of(y.brought()), test::bytes_of(expected))
            << activation.name << dtype.name << columns;
      }
    }
  }
}

TEST(GpuKernels, FarElementsAreCounted) {
  for (const DTypeTraits& dtype : kDTypes) {
    const Matrix expected = test::random_matrix(Matrix(dtype.dtype, 30, 40), 5);
    Matrix found = copy(expected.view());
    set(found, 0, 0, 100);
    set(found, 29, 39, std::numeric_limits<double>::quiet_NaN());
    OnDevice a(std::move(found)), b(copy(expected.view()));
    EXPECT_EQ(count_far(nullptr, a.view(), b.view(), {0.5, 0}), 2) << dtype.name;
    EXPECT_EQ(count_far(nullptr, b.view(), b.view(), {0, 0}), 0) << dtype.name;
  }
}

TEST(GpuRun, ALostDeviceEndsIt) {
  const Gpu gpu = small_gpu();
  stand_in::fail_call(200, cudaErrorIllegalAddress);
  const Report report = run(small_line(), gpu);
  stand_in::revive();  // Nothing can be given back to a device that is lost.
  ASSERT_EQ(report.wrong.size(), 1U);
  EXPECT_NE(report.wrong.front().find("cudaErrorIllegalAddress"), std::string::npos) << report.wrong.front();
  EXPECT_TRUE(report.comparisons.empty());
  ASSERT_FALSE(report.left_out.empty());
  EXPECT_NE(report.left_out.back().find("the device is lost"), std::string::npos) << report.left_out.back();
}

}  // namespace
}  // namespace perceptron::bench::gpu
