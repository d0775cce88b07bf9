#include "bench/gpu/nvml.hpp"

#include <array>

#include "bench/gpu/shared_library.hpp"

namespace perceptron::bench::gpu {
namespace {

// Toolkits come without nvml.h, so the little that is used is declared here: a result of 0 is success, a
// device is a pointer, and sensor 0 of the thermometers is the GPU's own.
using Device = void*;
template <class... Arguments>
using Call = int (*)(Arguments...);
constexpr int kGpuThermometer = 0;

}  // namespace

struct Nvml::Library {
  SharedLibrary library{{"libnvidia-ml.so.1"}, {}};
  Call<> begin = library["nvmlInit_v2"];
  Call<const char*, Device*> find = library["nvmlDeviceGetHandleByPciBusId_v2"];
  Call<char*, unsigned> driver = library["nvmlSystemGetDriverVersion"];
  Call<Device, unsigned*> power_limit = library["nvmlDeviceGetEnforcedPowerLimit"];
  Call<Device, int, unsigned*> temperature = library["nvmlDeviceGetTemperature"];
  Call<Device, unsigned long long*> energy = library["nvmlDeviceGetTotalEnergyConsumption"];
  Device device = nullptr;
};

Nvml::Nvml(const std::string& bus_id) {
  try {
    auto library = std::make_unique<Library>();
    if (library->begin() != 0) return;
    if (library->find(bus_id.c_str(), &library->device) == 0) library_ = std::move(library);
  } catch (const LibraryMissing&) {
    // Stays null: every figure is unknown then.
  }
}

Nvml::~Nvml() = default;

std::string Nvml::driver() const {
  std::array<char, 96> text{};
  if (library_ == nullptr) return {};
  return library_->driver(text.data(), static_cast<unsigned>(text.size())) == 0 ? text.data() : std::string();
}

double Nvml::power_limit_watts() const {
  unsigned milliwatts = 0;
  if (library_ == nullptr || library_->power_limit(library_->device, &milliwatts) != 0) return 0;
  return milliwatts / 1e3;
}

double Nvml::temperature_celsius() const {
  unsigned degrees = 0;
  if (library_ == nullptr || library_->temperature(library_->device, kGpuThermometer, &degrees) != 0)
    return 0;
  return degrees;
}

double Nvml::joules() const {
  unsigned long long millijoules = 0;
  if (library_ == nullptr || library_->energy(library_->device, &millijoules) != 0) return 0;
  return static_cast<double>(millijoules) / 1e3;
}

}  // namespace perceptron::bench::gpu
