// Symbol visibility: everything is hidden except what carries PERCEPTRON_API.
#pragma once

#if defined(PERCEPTRON_STATIC)
#define PERCEPTRON_API
#else
#define PERCEPTRON_API __attribute__((visibility("default")))
#endif
