# cmake -P script: a table in C++ of what ptxas reported in LOGS, one row per entry and architecture.
foreach(log IN LISTS LOGS)
  file(READ ${log} report)
  string(REGEX MATCHALL
    "Compiling entry function '[^']*' for 'sm_[^']*'\n[^\n]*\n[^\n]*bytes stack frame[^\n]*\n[^\n]*Used [0-9]+ registers[^\n]*"
    entries "${report}")
  foreach(entry IN LISTS entries)
    string(REGEX MATCH "function '([^']*)' for 'sm_([^']*)'" _ "${entry}")
    set(row "{\"${CMAKE_MATCH_1}\", \"${CMAKE_MATCH_2}\"")
    foreach(figure "Used ([0-9]+) registers" "([0-9]+) bytes smem" "([0-9]+) bytes stack" "([0-9]+) bytes spill stores")
      set(value 0)
      if(entry MATCHES "${figure}")
        set(value ${CMAKE_MATCH_1})
      endif()
      string(APPEND row ", ${value}")
    endforeach()
    string(APPEND rows "    ${row}},\n")
  endforeach()
endforeach()
file(WRITE ${OUTPUT} "// Made from the reports of ptxas by cmake/kernels/resources.cmake.
#include \"kernels/resources.hpp\"

#include <vector>

namespace perceptron::kernels {

std::span<const Resources> resources() {
  static const std::vector<Resources> kRows{
${rows}  };
  return kRows;
}

}  // namespace perceptron::kernels
")
