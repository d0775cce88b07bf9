# How a .cu file of kernels becomes bytes inside the library. Per family: nvcc -ptx makes one PTX; ptxas makes each
# cubin from that very PTX, so what is executed in tests is what ships; fatbinary joins them; PTX and fat binary
# are embedded. kernels/images.hpp and kernels/resources.hpp are the C++ side.
#
#   perceptron_kernels(family source.cu)   declares a family
#   perceptron_embed_kernels(target)       adds all families declared so far to the target

find_program(PERCEPTRON_NVCC nvcc DOC "nvcc of a CUDA toolkit, 12.8 or later"
  PATHS ENV PATH $ENV{CUDA_HOME}/bin /usr/local/cuda/bin ${PROJECT_SOURCE_DIR}/build/cuda/nvidia/cu13/bin
  NO_DEFAULT_PATH)
if(DEFINED ENV{CUDACXX})
  set(PERCEPTRON_NVCC $ENV{CUDACXX})
endif()
set(PERCEPTRON_CUDA_ARCHITECTURES "80;90a" CACHE STRING "GPU architectures of the kernels, 80 or later, or all")
set(perceptron_architectures ${PERCEPTRON_CUDA_ARCHITECTURES})
if(perceptron_architectures STREQUAL "all")
  set(perceptron_architectures 80 86 89 90a 100a 120)
endif()

if(PERCEPTRON_NVCC)
  get_filename_component(PERCEPTRON_CUDA_TOOLS ${PERCEPTRON_NVCC} REALPATH)
  get_filename_component(PERCEPTRON_CUDA_TOOLS ${PERCEPTRON_CUDA_TOOLS} DIRECTORY)
  execute_process(COMMAND ${PERCEPTRON_NVCC} --version OUTPUT_VARIABLE nvcc_version COMMAND_ERROR_IS_FATAL ANY)
  string(REGEX REPLACE ".*release ([0-9]+\\.[0-9]+).*" "\\1" nvcc_version "${nvcc_version}")
endif()
if(PERCEPTRON_NVCC AND nvcc_version VERSION_GREATER_EQUAL 12.8)
  set(perceptron_can_cuda ON)
else()
  set(perceptron_can_cuda OFF)
endif()
option(PERCEPTRON_CUDA "Build the CUDA kernels; needs nvcc 12.8 or later" ${perceptron_can_cuda})
if(PERCEPTRON_CUDA AND NOT perceptron_can_cuda)
  message(FATAL_ERROR "PERCEPTRON_CUDA is ON, but there is no nvcc 12.8 or later: found "
    "\"${PERCEPTRON_NVCC}\" ${nvcc_version}. Set CUDACXX or PERCEPTRON_NVCC, let ./dev fetch one, or set PERCEPTRON_CUDA=OFF")
endif()

set(perceptron_kernel_scripts ${CMAKE_CURRENT_LIST_DIR}/kernels)

function(perceptron_kernels family source)
  if(NOT PERCEPTRON_CUDA)
    return()
  endif()
  set(script ${perceptron_kernel_scripts})
  set(stem ${CMAKE_CURRENT_BINARY_DIR}/${family})
  cmake_path(ABSOLUTE_PATH source BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR})

  add_custom_command(OUTPUT ${stem}.ptx
    COMMAND ${CMAKE_COMMAND} -DNVCC=${PERCEPTRON_NVCC} -DHOST_COMPILER=${CMAKE_CXX_COMPILER} -DSOURCE=${source}
      -DROOT=${PROJECT_SOURCE_DIR} -DPTX=${stem}.ptx -DDEPFILE=${stem}.d -P ${script}/compile.cmake
    DEPENDS ${source} ${script}/compile.cmake
    DEPFILE ${stem}.d
    COMMENT "Compiling kernels ${family}" VERBATIM)

  set(images --image3=kind=ptx,sm=80,file=${stem}.ptx)
  foreach(architecture IN LISTS perceptron_architectures)
    set(cubin ${stem}.sm_${architecture}.cubin)
    set(log ${stem}.sm_${architecture}.log)
    add_custom_command(OUTPUT ${cubin} ${log}
      COMMAND ${CMAKE_COMMAND} -DPTXAS=${PERCEPTRON_CUDA_TOOLS}/ptxas -DARCHITECTURE=${architecture} -DPTX=${stem}.ptx
        -DCUBIN=${cubin} -DLOG=${log} -P ${script}/assemble.cmake
      DEPENDS ${stem}.ptx ${script}/assemble.cmake
      COMMENT "Assembling kernels ${family} for sm_${architecture}" VERBATIM)
    list(APPEND cubins ${cubin})
    list(APPEND images --image3=kind=elf,sm=${architecture},file=${cubin})
    set_property(GLOBAL APPEND PROPERTY perceptron_kernel_logs ${log})
  endforeach()

  add_custom_command(OUTPUT ${stem}.fatbin
    COMMAND ${PERCEPTRON_CUDA_TOOLS}/fatbinary --create=${stem}.fatbin -64 --compress-all --compress-mode=size ${images}
    DEPENDS ${stem}.ptx ${cubins}
    VERBATIM)
  set_property(GLOBAL APPEND PROPERTY perceptron_kernel_families ${family})
endfunction()

# Writes images.cpp (the bytes, by .incbin) and resources.cpp (registers and memory of each entry).
function(perceptron_embed_kernels target)
  get_property(families GLOBAL PROPERTY perceptron_kernel_families)
  get_property(logs GLOBAL PROPERTY perceptron_kernel_logs)
  file(READ ${perceptron_kernel_scripts}/image_bytes.in image_bytes)
  foreach(family IN LISTS families)
    foreach(kind ptx fatbin)
      set(name ${family}_${kind})
      set(path ${CMAKE_CURRENT_BINARY_DIR}/${family}.${kind})
      list(APPEND embedded ${path})
      string(CONFIGURE "${image_bytes}" one @ONLY)
      string(APPEND bytes "${one}")
    endforeach()
    string(APPEND rows "      {\"${family}\",\n       {perceptron_${family}_ptx, perceptron_${family}_ptx_end},\n"
      "       std::as_bytes(std::span(perceptron_${family}_fatbin, perceptron_${family}_fatbin_end))},\n")
  endforeach()
  configure_file(${perceptron_kernel_scripts}/images.cpp.in images.cpp @ONLY)
  set_source_files_properties(${CMAKE_CURRENT_BINARY_DIR}/images.cpp PROPERTIES OBJECT_DEPENDS "${embedded}")

  set(resources ${CMAKE_CURRENT_BINARY_DIR}/resources.cpp)
  add_custom_command(OUTPUT ${resources}
    COMMAND ${CMAKE_COMMAND} "-DLOGS=${logs}" -DOUTPUT=${resources} -P ${perceptron_kernel_scripts}/resources.cmake
    DEPENDS ${logs} ${perceptron_kernel_scripts}/resources.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/images.cpp ${resources})
endfunction()
