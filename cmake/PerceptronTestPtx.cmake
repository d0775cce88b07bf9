# perceptron_test_ptx(target source.cu… [DEBUG]): compiles kernels that only tests run, for sm_90a, and gives the target
# their folder as PERCEPTRON_TEST_PTX_DIR: NAME.cu becomes NAME.ptx, or NAME_debug.ptx with -G. Arithmetic as in the
# product's kernels: -fmad=false.
function(perceptron_test_ptx target)
  cmake_parse_arguments(PARSE_ARGV 1 given "DEBUG" "" "")
  set(lines -lineinfo)
  set(suffix)
  if(given_DEBUG)
    set(lines -G)
    set(suffix _debug)
  endif()
  foreach(source IN LISTS given_UNPARSED_ARGUMENTS)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    cmake_path(GET source STEM name)
    set(ptx ${CMAKE_CURRENT_BINARY_DIR}/${name}${suffix}.ptx)
    add_custom_command(OUTPUT ${ptx}
      COMMAND ${PERCEPTRON_NVCC} -ccbin ${CMAKE_CXX_COMPILER} -ptx -std=c++20 -fmad=false ${lines} -arch=compute_90a
        -I ${PROJECT_SOURCE_DIR} -I ${PROJECT_SOURCE_DIR}/include -MD -MF ${ptx}.d -MT ${ptx} -o ${ptx} ${source}
      DEPENDS ${source}
      DEPFILE ${ptx}.d
      COMMENT "Compiling test kernels ${name}${suffix}" VERBATIM)
    target_sources(${target} PRIVATE ${ptx})
  endforeach()
  target_compile_definitions(${target} PRIVATE PERCEPTRON_TEST_PTX_DIR="${CMAKE_CURRENT_BINARY_DIR}")
endfunction()
