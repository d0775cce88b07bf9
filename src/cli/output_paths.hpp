// What may be written where: checks on paths, before any work.
#pragma once

#include <filesystem>

namespace perceptron::cli {

/// True where both name one file or pipe: through links too, and where it does not exist yet. A terminal or
/// /dev/null may be written twice: nothing in it is destroyed.
bool is_same_file(const std::filesystem::path& a, const std::filesystem::path& b);

/// Throws InvalidArgument where writing `written` would destroy `kept`; the names are those of the message.
void refuse_overwriting(const std::filesystem::path& written, const char* written_name,
                        const std::filesystem::path& kept, const char* kept_name);

/// True where rows may be written in pieces whatever their order, which a device, pipe or open descriptor
/// (/dev/stdout) does not allow.
bool takes_any_order(const std::filesystem::path& output);

/// True where text on stdout would land between the bytes of this file.
bool is_standard_output(const std::filesystem::path& path);

}  // namespace perceptron::cli
