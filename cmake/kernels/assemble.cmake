# cmake -P script: the cubin of one PTX for one architecture, and ptxas's report beside it. A spill or a stack frame
# fails the build: no kernel of this project may have one.
execute_process(
  COMMAND ${PTXAS} -v -arch=sm_${ARCHITECTURE} -o ${CUBIN} ${PTX}
  OUTPUT_VARIABLE report ERROR_VARIABLE report RESULT_VARIABLE result)
if(result)
  message(FATAL_ERROR "ptxas failed on ${PTX} for sm_${ARCHITECTURE}:\n${report}")
endif()
string(REGEX MATCH "properties for ([^\n]*)\n[^\n]*[1-9][0-9]* bytes (stack frame|spill)[^\n]*" fault "${report}")
if(fault)
  file(REMOVE ${CUBIN})
  message(FATAL_ERROR "sm_${ARCHITECTURE}: a kernel spills or has a stack frame; use fewer registers: ${fault}")
endif()
file(WRITE ${LOG} "${report}")
