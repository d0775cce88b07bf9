// The one way in which malformed content is reported.
#pragma once

#include <string_view>

namespace perceptron::files {

/// Throws FormatError "NAME: PROBLEM". A problem that quotes half a hostile file is cut to what a person
/// reads, without control characters.
[[noreturn]] void refuse_content(std::string_view name, std::string_view problem);

}  // namespace perceptron::files
