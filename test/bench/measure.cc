#include "../bench/measure.h"

#include <dirent.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string_view>

namespace skerry::bench {
namespace {

std::string slurp(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream s;
  s << in.rdbuf();
  return s.str();
}

// The number after `key` in a file of "key: value" lines.
double field(const std::string& text, const std::string& key) {
  size_t at = text.find(key);
  return at == std::string::npos ? 0 : std::strtod(text.c_str() + at + key.size(), nullptr);
}

std::string proc(pid_t pid, const char* file) { return slurp("/proc/" + std::to_string(pid) + "/" + file); }

}  // namespace

void print(const std::string& name, double value, const std::string& unit) {
  std::printf("%s %.*f %s\n", name.c_str(), value >= 1000 ? 0 : value >= 100 ? 1 : 3, value, unit.c_str());
  std::fflush(stdout);
}

double percentile(std::vector<double> v, double p) {
  if (v.empty()) return 0;
  std::sort(v.begin(), v.end());
  return v[static_cast<size_t>(p * static_cast<double>(v.size() - 1))];
}

void print_latency(const std::string& name, const std::vector<double>& seconds) {
  print(name + "_p50", percentile(seconds, 0.5) * 1000, "ms");
  print(name + "_p99", percentile(seconds, 0.99) * 1000, "ms");
}

std::vector<pid_t> skerry_processes(const std::string& dir) {
  std::vector<pid_t> out;
  DIR* d = opendir("/proc");
  while (dirent* e = readdir(d)) {
    pid_t pid = std::atoi(e->d_name);
    if (pid <= 0 || pid == getpid()) continue;
    std::string command = proc(pid, "cmdline");
    if (command.find(dir) == std::string::npos) continue;
    // The program itself or its shim; not kubectl or whatever else has the folder in its arguments.
    size_t zero = command.find('\0');
    std::string_view word = std::string_view(command).substr(zero + 1);
    word = word.substr(0, word.find('\0'));
    if (word == "server" || word == "agent" || word == "shim") out.push_back(pid);
  }
  closedir(d);
  return out;
}

double pss_mb(const std::vector<pid_t>& pids) {
  double kb = 0;
  for (pid_t p : pids) kb += field(proc(p, "smaps_rollup"), "\nPss:");
  return kb / 1024;
}

double rss_mb(const std::vector<pid_t>& pids) {
  double kb = 0;
  for (pid_t p : pids) kb += field(proc(p, "smaps_rollup"), "\nRss:");
  return kb / 1024;
}

double cpu_seconds(const std::vector<pid_t>& pids) {
  // Not utime and stime: they are sampled, and whoever runs for less than a tick at a time uses nothing by them.
  double nanoseconds = 0;
  for (pid_t p : pids) {
    const std::string tasks = "/proc/" + std::to_string(p) + "/task";
    DIR* d = opendir(tasks.c_str());
    if (d == nullptr) continue;
    while (dirent* e = readdir(d))
      if (e->d_name[0] != '.') nanoseconds += std::strtod(slurp(tasks + "/" + e->d_name + "/schedstat").c_str(), nullptr);
    closedir(d);
  }
  return nanoseconds / 1e9;
}

double written_kb(const std::vector<pid_t>& pids) {
  double bytes = 0;
  for (pid_t p : pids) bytes += field(proc(p, "io"), "\nwrite_bytes:");
  return bytes / 1024;
}

}  // namespace skerry::bench
