// The benchmarks are doctest cases, each in a cluster of its own; test/bench/run starts them one by one.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>
