// The subcommands of the executable. Each takes the words after its name and returns the exit code.
#pragma once

#include <string>
#include <vector>

namespace skerry::app {

using Args = std::vector<std::string>;

int run_server(const Args& args);
int run_agent(const Args& args);
int run_token(const Args& args);
int run_images(const Args& args);
int run_killall(const Args& args);
int run_check_config(const Args& args);
int run_completion(const Args& args);
int run_complete(const Args& args);  // hidden: what may follow on a command line
int run_uninstall(const Args& args);
int run_ready(const Args& args);
int run_version(const Args& args);
int run_kubectl(const Args& args);

}  // namespace skerry::app
