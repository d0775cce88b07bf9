// Matrices of the caller's brought into device memory and back.
#pragma once

#include <cstddef>

#include "perceptron/view.hpp"
#include "src/staging/accelerator.hpp"

namespace perceptron::staging {

/// Elements only: what lies between the rows stays as it is on either side.
void copy_in(Accelerator& accelerator, Queue queue, const ConstMatrixView& host, const MatrixView& device);
void copy_out(Accelerator& accelerator, Queue queue, const ConstMatrixView& device, const MatrixView& host);

/// The same shape without gaps at `data`, one group where all share one.
MatrixView compact_view(const ConstMatrixView& view, void* data);
/// Bytes of the elements, shared groups once.
std::size_t compact_bytes(const ConstMatrixView& view);

/// How a host matrix lies in device memory. mirrored: with its strides and its alignment, so that tests
/// through host arrays meet every layout that a caller's device memory can have.
enum class Layout { compact, mirrored };

/// Device memory of a matrix's own.
struct PlacedMatrix {
  DeviceBuffer buffer;
  MatrixView view;
};

/// Room for the host view's elements; nothing is written yet.
PlacedMatrix make_room(Accelerator& accelerator, const ConstMatrixView& host, const char* name,
                       Layout layout);

}  // namespace perceptron::staging
