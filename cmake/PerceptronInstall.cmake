# find_package(perceptron) and pkg-config for those who link the installed library.
include(CMakePackageConfigHelpers)

install(TARGETS perceptron EXPORT perceptron_targets)
install(DIRECTORY include/perceptron DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
if(PERCEPTRON_CLI)
  install(TARGETS perceptron_cli)
endif()

# A static library names the CUDA runtime that it was built against, and does not bring it along.
if(PERCEPTRON_CUDA)
  cmake_path(GET PERCEPTRON_CUDART PARENT_PATH cudart_folder)
endif()

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/perceptron)
install(EXPORT perceptron_targets NAMESPACE perceptron:: DESTINATION ${package_folder})
configure_package_config_file(cmake/perceptronConfig.cmake.in perceptronConfig.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(perceptronConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/perceptronConfig.cmake
  ${CMAKE_CURRENT_BINARY_DIR}/perceptronConfigVersion.cmake DESTINATION ${package_folder})

# A static library needs its own libraries named by whoever links it.
if(BUILD_SHARED_LIBS)
  set(pc_requires "Requires.private")
else()
  set(pc_requires "Requires")
  if(PERCEPTRON_CUDA)
    set(pc_cudart "${PERCEPTRON_CUDART} -lrt -lpthread -ldl")
  endif()
endif()
# From where the .pc file lies, so that the installed tree may be moved.
file(RELATIVE_PATH prefix_from_pc /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/perceptron.pc.in perceptron.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/perceptron.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
