// Processes: starting a program, waiting for it, and knowing a process again by more than its number.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

#include "base/result.h"
#include "os/fd.h"

namespace skerry::os {

struct SpawnOptions {
  std::string program;                       // path; empty: argv[0]
  std::vector<std::string> argv;
  std::vector<std::string> env;              // "NAME=value"; exactly these
  int stdin_fd = -1, stdout_fd = -1, stderr_fd = -1;  // -1: /dev/null
  bool new_session = false;
};

// posix_spawn: no copy of this process' memory. Signals are reset; no other descriptor is inherited.
Result<pid_t> spawn(const SpawnOptions& options);
// Waits for a child; 128+signal if it was killed.
Result<int> wait_for(pid_t pid);

struct CommandResult {
  int exit_code = 0;
  std::string output;  // stdout and stderr, at most 64 KiB
};
// Runs a program to its end; kills it after `timeout`.
Result<CommandResult> run_command(const SpawnOptions& options, std::chrono::milliseconds timeout);

Result<Fd> open_pidfd(pid_t pid);
// True when it became readable (the process has ended) within `timeout`.
bool wait_pidfd(int pidfd, std::chrono::milliseconds timeout);

// Field 22 of /proc/<pid>/stat: with the boot id it tells processes apart that had the same number. 0: no such process.
uint64_t process_start_time(pid_t pid);

std::string own_executable();  // /proc/self/exe, resolved

// Puts /dev/null in place of standard input, output and error where they are closed: else the next file or socket that is
// opened gets their number, and what is meant for a terminal or a log is written into it. First thing in main.
void open_standard_files();

}  // namespace skerry::os
