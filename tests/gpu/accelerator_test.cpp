// The GPU as staging sees it: memory, copies, events, pointers, errors. Written without a GPU at hand; where
// one is, this file says what holds.
#include <cuda_runtime_api.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdint>
#include <memory>
#include <thread>

#include "perceptron/error.hpp"
#include "tests/gpu/gpu_fixture.hpp"
#include "tests/support/error_text.hpp"

namespace perceptron::test {
namespace {

using staging::Copy, staging::DeviceBuffer, staging::OwnedEvent, staging::OwnedQueue;

constexpr std::size_t kPetabyte = std::size_t{1} << 50;

TEST_F(AcceleratorTest, IsOnePerDevice) {
  EXPECT_EQ(cuda::accelerator_of(0).get(), &gpu());
  EXPECT_EQ(cuda::cuda_accelerator(0).get(), &gpu());
  EXPECT_EQ(gpu().name(), "cuda:0");
  EXPECT_EQ(cuda::cuda_devices().front().name, "cuda:0");
}

TEST_F(AcceleratorTest, NumbersBeyondTheLastAreMissing) {
  for (const int number : {-1, 64, 1000}) {
    expect_error<DeviceMissing>([&] { cuda::cuda_accelerator(number); }, {"this machine has", "cuda:0"});
  }
}

TEST_F(AcceleratorTest, TraitsAreThoseOfARealGpu) {
  const DeviceTraits& traits = gpu().traits();
  EXPECT_FALSE(traits.name.empty());
  EXPECT_GE(traits.compute_capability, 80);
  EXPECT_GE(traits.multiprocessors, 1);
  EXPECT_GT(traits.clock_hz, 5e8);
  EXPECT_GT(traits.memory_bytes_per_second, 5e10);
  EXPECT_GE(traits.shared_bytes_per_block, 99 << 10);
  EXPECT_GE(traits.shared_bytes_per_multiprocessor, traits.shared_bytes_per_block);
  EXPECT_EQ(traits.registers_per_multiprocessor, 65536);
  EXPECT_GE(traits.threads_per_multiprocessor, 1024);
  EXPECT_GE(traits.blocks_per_multiprocessor, 16);
  EXPECT_GT(traits.l2_bytes, 1 << 20);
  EXPECT_GT(gpu().free_bytes(), 0U);
  EXPECT_LE(gpu().free_bytes(), static_cast<std::size_t>(traits.memory_bytes));
}

TEST_F(AcceleratorTest, MemoryHasItsPhaseAndHoldsWhatIsWritten) {
  for (const staging::Queue on : {staging::Queue{}, queue()}) {
    for (const std::size_t phase : {0, 2, 4, 8, 16, 100, 255}) {
      for (const std::size_t bytes : {1, 255, 256, 100'000}) {
        const DeviceBuffer buffer(gpu(), {bytes, "test", phase}, on);
        EXPECT_EQ(reinterpret_cast<std::uintptr_t>(buffer.data()) % 256, phase);
        gpu().synchronize(on);
        copy_to(buffer.data(), patterned(bytes));
        EXPECT_EQ(bytes_at(buffer.data(), bytes), patterned(bytes)) << bytes << " bytes, phase " << phase;
      }
    }
  }
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

TEST_F(AcceleratorTest, NoBytesAreAnAllocationToo) {
  for (const staging::Queue on : {staging::Queue{}, queue()}) {
    const DeviceBuffer buffer(gpu(), {0, "nothing"}, on);
    EXPECT_NE(buffer.data(), nullptr);
  }
}

/// What a queue gave may go back by another one, or by none.
TEST_F(AcceleratorTest, MemoryGoesBackByAnyQueue) {
  const OwnedQueue other(gpu());
  for (const staging::Queue from : {staging::Queue{}, queue()}) {
    for (const staging::Queue to : {staging::Queue{}, queue(), other.get()}) {
      void* memory = gpu().allocate({1 << 20, "test", 32}, from);
      gpu().synchronize(from);
      gpu().release(memory, to);
    }
  }
  gpu().synchronize(queue());
  gpu().synchronize(other.get());
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

/// Rows of `row_bytes` at the two pitches, there and back, against plain loops.
void expect_round_trip(cuda::CudaAccelerator& gpu, staging::Queue queue, const Copy& shape) {
  const std::vector<std::byte> source = patterned(shape.rows * shape.from_pitch + shape.row_bytes);
  std::vector<std::byte> back(source.size());
  const DeviceBuffer device(gpu, {shape.rows * shape.to_pitch + shape.row_bytes, "test"});
  gpu.copy_in(queue,
              {device.data(), shape.to_pitch, source.data(), shape.from_pitch, shape.row_bytes, shape.rows});
  gpu.copy_out(queue,
               {back.data(), shape.from_pitch, device.data(), shape.to_pitch, shape.row_bytes, shape.rows});
  gpu.synchronize(queue);
  std::vector<std::byte> expected(source.size());
  for (std::size_t row = 0; row < shape.rows; ++row) {
    std::memcpy(&expected[row * shape.from_pitch], &source[row * shape.from_pitch], shape.row_bytes);
  }
  EXPECT_EQ(back, expected) << shape.rows << " rows of " << shape.row_bytes << " bytes at "
                            << shape.from_pitch << " and " << shape.to_pitch;
}

TEST_F(AcceleratorTest, CopiesKeepToTheirRowsAtAnyPitch) {
  for (const auto& [row_bytes, from, to] : std::vector<std::array<std::size_t, 3>>{
           {64, 64, 64}, {64, 64, 80}, {64, 100, 64}, {7, 13, 9}, {1, 3, 2}, {4000, 4096, 4001}}) {
    for (const std::size_t rows : {0, 1, 2, 300}) {
      expect_round_trip(gpu(), queue(), {nullptr, to, nullptr, from, row_bytes, rows});
    }
  }
  expect_round_trip(gpu(), queue(), {nullptr, 16, nullptr, 16, 0, 5});
}

/// cudaMemcpy2DAsync takes no pitch beyond 2³¹ − 1; the memory between the rows is never touched.
TEST_F(AcceleratorTest, CopiesTakePitchesBeyondTheHardwares) {
  const std::size_t pitch = (std::size_t{1} << 31) + 64, bytes = 48;
  const std::unique_ptr<std::byte[]> host(new std::byte[pitch + bytes]);
  const std::vector<std::byte> first = patterned(bytes, 3), second = patterned(bytes, 9);
  std::memcpy(host.get(), first.data(), bytes);
  std::memcpy(host.get() + pitch, second.data(), bytes);
  const DeviceBuffer device(gpu(), {2 * bytes, "test"});
  gpu().copy_in(queue(), {device.data(), bytes, host.get(), pitch, bytes, 2});
  EXPECT_EQ(bytes_at(device.data(), bytes), first);
  EXPECT_EQ(bytes_at(static_cast<std::byte*>(device.data()) + bytes, bytes), second);
}

TEST_F(AcceleratorTest, EventsOrderQueues) {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  const OwnedQueue other(gpu());
  const OwnedEvent written(gpu()), never_recorded(gpu());
  const DeviceBuffer device(gpu(), {kBytes, "test"});
  auto* host = static_cast<std::byte*>(gpu().allocate_pinned(2 * kBytes));
  std::memset(host, 0x5A, kBytes);
  std::memset(host + kBytes, 0, kBytes);
  gpu().wait(queue(), never_recorded.get());
  gpu().synchronize_event(never_recorded.get());
  gpu().copy_in(queue(), {device.data(), kBytes, host, kBytes, kBytes, 1});
  gpu().record(written.get(), queue());
  gpu().wait(other.get(), written.get());
  gpu().copy_out(other.get(), {host + kBytes, kBytes, device.data(), kBytes, kBytes, 1});
  gpu().record(written.get(), other.get());
  gpu().synchronize_event(written.get());
  EXPECT_EQ(std::memcmp(host, host + kBytes, kBytes), 0);
  gpu().release_pinned(host);
}

TEST_F(AcceleratorTest, QueuesAreOrderedBehindTheDefaultStream) {
  constexpr std::size_t kBytes = std::size_t{256} << 20;
  const DeviceBuffer device(gpu(), {kBytes, "test"});
  for (const int value : {1, 2, 3}) {
    ASSERT_EQ(cudaMemsetAsync(device.data(), value, kBytes, nullptr), cudaSuccess);
    const auto* last = static_cast<const std::byte*>(device.data()) + kBytes - 1;
    EXPECT_EQ(bytes_at(last, 1), std::vector{static_cast<std::byte>(value)});
  }
}

TEST_F(AcceleratorTest, PointersOfOtherKindsAreRefusedByName) {
  const auto check = [&](const void* data) {
    gpu().check_pointer(ConstMatrixView(data, DType::f32, 1, 1), "x");
  };
  const DeviceBuffer device(gpu(), {1 << 20, "test"}), pooled(gpu(), {1 << 20, "test"}, queue());
  EXPECT_NO_THROW(check(device.data()));
  EXPECT_NO_THROW(check(static_cast<std::byte*>(device.data()) + 1000));
  EXPECT_NO_THROW(check(pooled.data()));
  EXPECT_NO_THROW(check(nullptr));
  const float plain = 0;
  expect_error<InvalidArgument>([&] { check(&plain); }, {"x: expected memory of cuda:0", "host memory"});
  void* pinned = gpu().allocate_pinned(100);
  expect_error<InvalidArgument>([&] { check(pinned); }, {"pinned host memory"});
  gpu().release_pinned(pinned);
  void* managed = nullptr;
  ASSERT_EQ(cudaMallocManaged(&managed, 100, cudaMemAttachGlobal), cudaSuccess);
  expect_error<InvalidArgument>([&] { check(managed); }, {"managed memory"});
  EXPECT_EQ(cudaFree(managed), cudaSuccess);
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

TEST_F(AcceleratorTest, PointersOfAnotherDeviceAreRefused) {
  if (cuda::cuda_devices().size() < 2) GTEST_SKIP() << "this machine has one GPU";
  const auto other = cuda::accelerator_of(1);
  const DeviceBuffer theirs(*other, {256, "test"});
  const ConstMatrixView view(theirs.data(), DType::f32, 1, 1);
  expect_error<InvalidArgument>([&] { gpu().check_pointer(view, "x"); },
                                {"expected memory of cuda:0", "cuda:1"});
  EXPECT_NO_THROW(other->check_pointer(view, "x"));
}

TEST_F(AcceleratorTest, PinnedMemoryIsKnown) {
  auto* pinned = static_cast<std::byte*>(gpu().allocate_pinned(10'000));
  EXPECT_TRUE(gpu().is_pinned(pinned));
  EXPECT_TRUE(gpu().is_pinned(pinned + 9'999));
  gpu().release_pinned(pinned);
  std::vector<std::byte> plain(1 << 16);
  EXPECT_FALSE(gpu().is_pinned(plain.data()));
  ASSERT_EQ(cudaHostRegister(plain.data(), plain.size(), cudaHostRegisterPortable), cudaSuccess);
  EXPECT_TRUE(gpu().is_pinned(plain.data()));
  EXPECT_EQ(cudaHostUnregister(plain.data()), cudaSuccess);
  EXPECT_FALSE(gpu().is_pinned(plain.data()));
  const DeviceBuffer device(gpu(), {256, "test"});
  EXPECT_FALSE(gpu().is_pinned(device.data()));
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

/// Of the calling thread, before and after the calls of an accelerator.
void expect_current_device_kept(cuda::CudaAccelerator& gpu, int current) {
  ASSERT_EQ(cudaSetDevice(current), cudaSuccess);
  const OwnedQueue queue(gpu);
  const OwnedEvent event(gpu);
  const DeviceBuffer plain(gpu, {256, "test"}), pooled(gpu, {256, "test"}, queue.get());
  gpu.record(event.get(), queue.get());
  gpu.wait(queue.get(), event.get());
  gpu.synchronize(queue.get());
  gpu.free_bytes();
  EXPECT_THROW(gpu.allocate({kPetabyte, "too much"}, nullptr), DeviceOutOfMemory);
  int found = -1;
  EXPECT_EQ(cudaGetDevice(&found), cudaSuccess);
  EXPECT_EQ(found, current);
}

TEST_F(AcceleratorTest, TheCurrentDeviceIsTheCallers) {
  const int devices = static_cast<int>(cuda::cuda_devices().size());
  for (int number = 0; number < devices; ++number) {
    for (int current = 0; current < devices; ++current) {
      std::thread([&] { expect_current_device_kept(*cuda::accelerator_of(number), current); }).join();
    }
  }
}

TEST_F(AcceleratorTest, WithoutMemoryEverythingIsAsBefore) {
  for (const staging::Queue on : {staging::Queue{}, queue()}) {
    expect_error<DeviceOutOfMemory>(
        [&] {
          gpu().allocate({kPetabyte, "weight"}, on);
        },
        {"1125899906842624 bytes on cuda:0 for weight", "(2)"});
    EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
    const DeviceBuffer buffer(gpu(), {1000, "test"}, on);
    gpu().synchronize(on);
    copy_to(buffer.data(), patterned(1000));
    EXPECT_EQ(bytes_at(buffer.data(), 1000), patterned(1000));
  }
  EXPECT_THROW(gpu().allocate_pinned(kPetabyte), DeviceError);
  EXPECT_EQ(cudaPeekAtLastError(), cudaSuccess);
}

}  // namespace
}  // namespace perceptron::test
