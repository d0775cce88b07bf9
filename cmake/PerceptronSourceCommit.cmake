# perceptron_source_commit(target): the target may include "source_commit.hpp", which has the commit that it is
# built from as PERCEPTRON_SOURCE_COMMIT: "-dirty" where tracked files differ from it, "unknown" without git.
# git is asked in every build; the header changes only when the answer does. As a script, writes HEADER.
if(CMAKE_SCRIPT_MODE_FILE)
  execute_process(COMMAND git -C ${SOURCE_DIR} describe --always --dirty --match ""
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE code)
  if(NOT code EQUAL 0 OR commit STREQUAL "")
    set(commit unknown)
  endif()
  set(text "#define PERCEPTRON_SOURCE_COMMIT \"${commit}\"\n")
  set(written "")
  if(EXISTS ${HEADER})
    file(READ ${HEADER} written)
  endif()
  if(NOT written STREQUAL text)
    file(WRITE ${HEADER} "${text}")
  endif()
  return()
endif()

set(perceptron_source_commit_script ${CMAKE_CURRENT_LIST_FILE})

function(perceptron_source_commit target)
  set(folder ${PROJECT_BINARY_DIR}/source_commit)
  if(NOT TARGET perceptron_source_commit)
    add_custom_target(perceptron_source_commit BYPRODUCTS ${folder}/source_commit.hpp
      COMMAND ${CMAKE_COMMAND} -D SOURCE_DIR=${PROJECT_SOURCE_DIR} -D HEADER=${folder}/source_commit.hpp
              -P ${perceptron_source_commit_script}
      VERBATIM)
  endif()
  add_dependencies(${target} perceptron_source_commit)
  target_include_directories(${target} PRIVATE ${folder})
endfunction()
