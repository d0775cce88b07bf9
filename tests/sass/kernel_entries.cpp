// Prints what this build knows of every kernel entry, for sass.py: tab-separated entry, architecture,
// registers, shared bytes, spilled bytes, stack bytes, then "device:warps" resident on a multiprocessor of
// each listed device of that architecture.
#include <cstdio>
#include <map>
#include <string>

#include "kernels/families.hpp"
#include "kernels/pack/pack.hpp"
#include "kernels/resources.hpp"
#include "kernels/row_softmax/row_softmax.hpp"
#include "src/planning/occupancy.hpp"

using namespace perceptron;

namespace {

/// One launch of every entry; an entry that is missing here fails the table.
std::map<std::string_view, kernels::Launch> launches() {
  std::map<std::string_view, kernels::Launch> all;
  kernels::LinearArguments arguments;
  arguments.rows = arguments.inputs = arguments.outputs = arguments.groups = 1;
  const auto add = [&](const kernels::Launch& launch) { all[launch.entry] = launch; };
  for (std::size_t index = 0; index < kDTypes.size(); ++index) {
    const auto dtype = static_cast<DType>(index);
    for (const kernels::Candidate& candidate : kernels::candidates()) {
      if (!candidate.entry(dtype).empty()) add(candidate.launch(arguments, dtype));
    }
    add(kernels::pack::pack_weight({}, dtype));
    add(kernels::pack::pack_bias({}, accumulator_of(dtype)));
    add(kernels::row_softmax::launch({}, accumulator_of(dtype)));
  }
  return all;
}

}  // namespace

int main() {
  const auto all = launches();
  for (const kernels::Resources& row : kernels::resources()) {
    const auto found = all.find(row.entry);
    if (found == all.end()) {
      std::fprintf(stderr, "no launch is known of the entry %s\n", std::string(row.entry).c_str());
      return 1;
    }
    const kernels::Launch& launch = found->second;
    const int shared_bytes = static_cast<int>(launch.shared_bytes) + row.static_shared_bytes;
    std::printf("%s\t%s\t%d\t%d\t%d\t%d", std::string(row.entry).c_str(),
                std::string(row.architecture).c_str(), row.registers, shared_bytes, row.spill_bytes,
                row.stack_bytes);
    const auto threads = static_cast<std::int64_t>(launch.block.count());
    for (const DeviceTraits& traits : known_device_traits()) {
      if (std::stoi(std::string(row.architecture)) != traits.compute_capability) continue;
      const auto blocks =
          planning::occupancy({threads, row.registers, shared_bytes}, traits, 1).blocks_per_multiprocessor;
      std::printf("\t%s:%d", traits.name.c_str(), static_cast<int>(blocks * ((threads + 31) / 32)));
    }
    std::printf("\n");
  }
  return 0;
}
