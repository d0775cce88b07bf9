# The CUDA runtime of the toolkit that owns PERCEPTRON_NVCC, linked statically: a program of ours starts without a
# driver and shows no CUDA library in ldd.
#
#   perceptron::cudart                              the library and what it needs; no headers
#   perceptron_cuda_headers                         the headers, for those who call CUDA: src/cuda and tests
#   perceptron_cuda_object(variable source.cu)      the object that nvcc makes of host and device code together; beside
#                                                   it, in NAME.nvcc/NAME.ptx, the PTX that its machine code is made of

# Toolkits lie as BIN/.. with lib64, lib (PyPI's wheels) or targets/PLATFORM/lib.
cmake_path(GET PERCEPTRON_CUDA_TOOLS PARENT_PATH toolkit)
file(GLOB toolkit_targets ${toolkit}/targets/*-linux)
find_library(PERCEPTRON_CUDART cudart_static DOC "libcudart_static.a of PERCEPTRON_NVCC's toolkit"
  PATHS ${toolkit} ${toolkit_targets} PATH_SUFFIXES lib64 lib NO_DEFAULT_PATH)
find_path(PERCEPTRON_CUDA_INCLUDE cuda_runtime_api.h DOC "Headers of PERCEPTRON_NVCC's toolkit"
  PATHS ${toolkit} ${toolkit_targets} PATH_SUFFIXES include NO_DEFAULT_PATH)
if(NOT PERCEPTRON_CUDART OR NOT PERCEPTRON_CUDA_INCLUDE)
  message(FATAL_ERROR "PERCEPTRON_CUDA is ON, but libcudart_static.a or cuda_runtime_api.h is not in ${toolkit}, "
    "the toolkit of ${PERCEPTRON_NVCC}: install its cudart development package, or set PERCEPTRON_CUDART and "
    "PERCEPTRON_CUDA_INCLUDE, or PERCEPTRON_CUDA=OFF")
endif()

add_library(perceptron::cudart STATIC IMPORTED GLOBAL)
set_target_properties(perceptron::cudart PROPERTIES
  IMPORTED_LOCATION ${PERCEPTRON_CUDART}
  INTERFACE_LINK_LIBRARIES "Threads::Threads;${CMAKE_DL_LIBS};rt")
add_library(perceptron_cuda_headers INTERFACE)
target_include_directories(perceptron_cuda_headers SYSTEM INTERFACE ${PERCEPTRON_CUDA_INCLUDE})

# One pass of the front end, for the lowest architecture, whose PTX every architecture's code is assembled from, and
# one width of Thrust's indices: the compile takes 13 s instead of 30.
function(perceptron_cuda_object variable source)
  cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})
  cmake_path(GET source STEM name)
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
  set(kept ${CMAKE_CURRENT_BINARY_DIR}/${name}.nvcc)
  file(MAKE_DIRECTORY ${kept})
  list(TRANSFORM perceptron_architectures REPLACE "(.+)" "sm_\\1" OUTPUT_VARIABLE codes)
  list(JOIN codes "," codes)
  add_custom_command(OUTPUT ${object} BYPRODUCTS ${kept}/${name}.ptx
    COMMAND ${PERCEPTRON_NVCC} -ccbin ${CMAKE_CXX_COMPILER} -keep -keep-dir ${kept} -c -O3 -std=c++20 -fmad=false --expt-relaxed-constexpr
      -gencode arch=compute_80,code=[compute_80,${codes}] --compress-mode=size -Werror all-warnings
      -DTHRUST_FORCE_64_BIT_OFFSET_TYPE -DCCCL_DISABLE_NVTX
      -Xcompiler -fPIC,-fvisibility=hidden,-fvisibility-inlines-hidden,-ffp-contract=off
      -I ${PROJECT_SOURCE_DIR} -I ${PROJECT_SOURCE_DIR}/include -MD -MF ${object}.d -MT ${object} -o ${object} ${source}
    DEPENDS ${source}
    DEPFILE ${object}.d
    COMMENT "Compiling ${name} with nvcc" VERBATIM)
  set(${variable} ${object} PARENT_SCOPE)
endfunction()
