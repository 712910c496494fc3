// For tests: a folder that goes away, an environment made of a map.
#pragma once

#include <doctest/doctest.h>
#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <string>

#include "kubeconfig/environment.h"

namespace skerry::kubeconfig {

struct Folder {
  Folder() {
    char name[] = "/tmp/skerry-kubeconfig-XXXXXX";
    REQUIRE(mkdtemp(name));
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  Folder(const Folder&) = delete;
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) const {
    const std::string file = path + "/" + name;
    std::filesystem::create_directories(std::filesystem::path(file).parent_path());
    std::ofstream(file) << text;
    chmod(file.c_str(), mode);
    return file;
  }
  std::string read(const std::string& name) const {
    std::ifstream in(path + "/" + name);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
  }
  std::string path;
};

using Variables = std::map<std::string, std::string>;

// Without a node's kubeconfig and without a service account unless the test says so.
inline Environment test_environment(Variables variables = {}) {
  Environment e;
  e.variable = [variables](const std::string& name) -> std::optional<std::string> {
    auto it = variables.find(name);
    return it == variables.end() ? std::nullopt : std::optional(it->second);
  };
  e.all_variables = [variables] {
    std::vector<std::string> all;
    for (const auto& [name, value] : variables) all.push_back(name + "=" + value);
    return all;
  };
  e.service_account_dir = "/nonexistent";
  e.node_kubeconfig.clear();
  return e;
}

}  // namespace skerry::kubeconfig
