#include "src/ptx/fault.hpp"

#include <fmt/format.h>

namespace perceptron::ptx {

std::string_view to_string(FaultKind kind) {
  switch (kind) {
    case FaultKind::out_of_bounds: return "access out of bounds";
    case FaultKind::misaligned: return "misaligned access";
    case FaultKind::unwritten: return "use of unwritten data";
    case FaultKind::race: return "race";
    case FaultKind::same_value_race: return "race with the same value";
    case FaultKind::pending_copy: return "asynchronous copy not waited for";
    case FaultKind::divergent_barrier: return "divergent barrier";
    case FaultKind::barrier: return "mbarrier misuse";
    case FaultKind::deadlock: return "deadlock";
    case FaultKind::budget: return "instruction budget spent";
    case FaultKind::arithmetic: return "undefined arithmetic";
    case FaultKind::trap: return "trap";
    case FaultKind::assertion: return "assertion failed";
  }
  return "fault";
}

void place_source(Place& place, const Location& location, const std::map<int, std::string>& files) {
  const auto line_of = [&](int number, int line) -> std::string {
    if (line == 0) return {};
    const auto file = files.find(number);
    const std::string path = file == files.end() ? "?" : file->second;
    return fmt::format("{}:{}", path.substr(path.rfind('/') + 1), line);
  };
  place.source = line_of(location.source_file, location.source_line);
  place.caller = line_of(location.caller_file, location.caller_line);
}

std::string to_string(const Place& place) {
  return fmt::format("{} line {}{}, block ({}, {}, {}), thread ({}, {}, {})", place.kernel, place.ptx_line,
                     source_text(place), place.block[0], place.block[1], place.block[2], place.thread[0],
                     place.thread[1], place.thread[2]);
}

std::string source_text(const Place& place) {
  if (place.source.empty()) return {};
  return place.caller.empty() ? fmt::format(" ({})", place.source)
                              : fmt::format(" ({}, inlined at {})", place.source, place.caller);
}

}  // namespace perceptron::ptx
