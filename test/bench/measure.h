// Figures: what is printed, percentiles, and what processes use.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace skerry::bench {

// "name value unit" on standard output.
void print(const std::string& name, double value, const std::string& unit);

using TimePoint = std::chrono::steady_clock::time_point;
inline TimePoint now() { return std::chrono::steady_clock::now(); }
inline double seconds_since(TimePoint t) { return std::chrono::duration<double>(now() - t).count(); }

// p in 0..1; 0 for no values.
double percentile(std::vector<double> values, double p);
// <name>_p50 and <name>_p99, in milliseconds from seconds.
void print_latency(const std::string& name, const std::vector<double>& seconds);

// All processes of the Skerry that has its folders below `dir`: itself and its shims (not the containers).
std::vector<pid_t> skerry_processes(const std::string& dir);
double pss_mb(const std::vector<pid_t>& pids);
double rss_mb(const std::vector<pid_t>& pids);
double cpu_seconds(const std::vector<pid_t>& pids);   // of the threads that live
double written_kb(const std::vector<pid_t>& pids);    // what they made the kernel write to disks

}  // namespace skerry::bench
