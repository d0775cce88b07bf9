# cmake -P script: the PTX of one .cu file. Paths in it are made relative to the repository and to the toolkit, so
# that the bytes do not depend on where they were built.
#
# -fmad=false: the numeric contract, every fma is written explicitly and every other operation is rounded by itself.
execute_process(
  COMMAND ${NVCC} -ccbin ${HOST_COMPILER} -ptx -std=c++20 -fmad=false -lineinfo -arch=compute_80
    --expt-relaxed-constexpr -Werror all-warnings -I ${ROOT} -I ${ROOT}/include
    -MD -MF ${DEPFILE} -MT ${PTX} -o ${PTX} ${SOURCE}
  RESULT_VARIABLE result)
if(result)
  file(REMOVE ${PTX})
  message(FATAL_ERROR "nvcc failed on ${SOURCE}")
endif()
file(READ ${PTX} text)
string(REPLACE "\"${ROOT}/./" "\"" text "${text}")
string(REPLACE "\"${ROOT}/" "\"" text "${text}")
string(REGEX REPLACE "\"[^\"\n]*/bin/\\.\\./[^\"\n]*include/" "\"cuda/" text "${text}")
file(WRITE ${PTX} "${text}")
