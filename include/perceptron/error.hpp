// The errors. Each message names the thing, what was expected, what was found, and what to do.
#pragma once

#include <stdexcept>
#include <string>

#include "perceptron/export.hpp"

namespace perceptron {

/// Base of everything that the library throws on purpose.
class PERCEPTRON_API Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The caller passed something that can never work: a null view, a wrong shape, an unknown name.
class PERCEPTRON_API InvalidArgument : public Error {
 public:
  using Error::Error;
};

/// A legal request that no kernel or device serves; lists who refused it and why.
class PERCEPTRON_API Unsupported : public Error {
 public:
  using Error::Error;
};

/// A device is missing or failed.
class PERCEPTRON_API DeviceError : public Error {
 public:
  using Error::Error;
};

/// The named device is none of this machine's, or nothing here can use it.
class PERCEPTRON_API DeviceMissing : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

/// The device lacks memory; everything that had been made is as before.
class PERCEPTRON_API DeviceOutOfMemory : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

/// The device failed for good. Nothing more reaches it from this process, which must be started anew.
class PERCEPTRON_API DeviceLost : public DeviceError {
 public:
  using DeviceError::DeviceError;
};

/// A kernel did what no kernel may do, and the machine that executes PTX saw it. The message gives kernel,
/// line, block, thread and what was found.
class PERCEPTRON_API KernelError : public Error {
 public:
  using Error::Error;
};

/// A file is missing, unreadable or not writable; the message carries its path.
class PERCEPTRON_API FileError : public Error {
 public:
  using Error::Error;
};

/// A file was read and its content is malformed or does not fit; the message carries path and byte offset or
/// tensor name.
class PERCEPTRON_API FormatError : public FileError {
 public:
  using FileError::FileError;
};

}  // namespace perceptron
