# perceptron_test_ptx(target source.cu…): compiles kernels that only tests run, for sm_90a, and gives the target their
# folder as PERCEPTRON_TEST_PTX_DIR: NAME.cu becomes NAME.ptx. Arithmetic as in the product's kernels: -fmad=false.
function(perceptron_test_ptx target)
  foreach(source IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
    cmake_path(GET source STEM name)
    set(ptx ${CMAKE_CURRENT_BINARY_DIR}/${name}.ptx)
    add_custom_command(OUTPUT ${ptx}
      COMMAND ${PERCEPTRON_NVCC} -ccbin ${CMAKE_CXX_COMPILER} -ptx -std=c++20 -fmad=false -lineinfo -arch=compute_90a
        -I ${PROJECT_SOURCE_DIR} -I ${PROJECT_SOURCE_DIR}/include -MD -MF ${ptx}.d -MT ${ptx} -o ${ptx} ${source}
      DEPENDS ${source}
      DEPFILE ${ptx}.d
      COMMENT "Compiling test kernels ${name}" VERBATIM)
    target_sources(${target} PRIVATE ${ptx})
  endforeach()
  target_compile_definitions(${target} PRIVATE PERCEPTRON_TEST_PTX_DIR="${CMAKE_CURRENT_BINARY_DIR}")
endfunction()
