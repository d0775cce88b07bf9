// How a Verdict grows: element by element while a row is judged, and verdict by verdict.
#pragma once

#include "perceptron/validate.hpp"

namespace perceptron::reference {

/// On y without a single element judged.
Verdict verdict_on(const ConstMatrixView& y, Arithmetic arithmetic);

/// Counts an element of a class. Elements come in the order of rows, groups, columns.
void count(Verdict& verdict, ElementClass element_class, bool is_right);

/// Enters an element that is wrong, which has been counted already.
void enter(Verdict& verdict, const Mismatch& mismatch);

/// Keeps the worse of two.
void note(Verdict& verdict, const WorstError& error);

}  // namespace perceptron::reference
