# What every translation unit of the project is compiled with.

# The numeric contract: no contraction of a·b + c, no fast-math; every fma is written explicitly.
# -ftrapping-math and -frounding-math stay at their defaults: nothing is reordered under either.
add_library(perceptron_options INTERFACE)
target_compile_features(perceptron_options INTERFACE cxx_std_20)
target_compile_options(perceptron_options INTERFACE -ffp-contract=off -Wall -Wextra -Wconversion
  $<$<BOOL:${PERCEPTRON_WARNINGS_AS_ERRORS}>:-Werror>)
target_include_directories(perceptron_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_SOURCE_DIR}/include)

if(CMAKE_CXX_FLAGS MATCHES "-ffast-math|-Ofast|-funsafe-math")
  message(FATAL_ERROR "CMAKE_CXX_FLAGS holds a fast-math flag, which breaks the numeric contract; remove it")
endif()
