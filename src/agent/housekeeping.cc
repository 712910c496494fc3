#include "agent/housekeeping.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "agent/files.h"
#include "base/log.h"
#include "os/sysinfo.h"

namespace skerry::agent {

void rotate_logs(runtime::Runtime& runtime, const AgentOptions& options, const std::function<std::string(const runtime::ContainerInfo&)>& log_file,
                 const std::string& time_suffix) {
  for (auto& c : runtime.list_containers()) {
    if (c.state != runtime::ContainerState::kRunning) continue;
    const std::string path = log_file(c);
    struct stat st{};
    if (path.empty() || ::stat(path.c_str(), &st) != 0 || st.st_size < options.container_log_max_bytes) continue;
    if (std::rename(path.c_str(), (path + "." + time_suffix).c_str()) != 0) continue;
    if (Status s = runtime.reopen_log(c.id); !s) {
      LOG_WARN("agent", "log of " << c.config.name << " cannot be opened anew: " << s.error().message);
      std::rename((path + "." + time_suffix).c_str(), path.c_str());
      continue;
    }
    auto slash = path.rfind('/');
    const std::string directory = path.substr(0, slash), file = path.substr(slash + 1);
    std::vector<std::string> rotated;
    for (auto& name : list_directory(directory))
      if (name.starts_with(file + ".")) rotated.push_back(name);  // sorted, so by time
    for (size_t i = 0; i + static_cast<size_t>(std::max(1, options.container_log_max_files - 1)) < rotated.size(); ++i)
      ::unlink((directory + "/" + rotated[i]).c_str());
  }
}

void collect_images(runtime::Runtime& runtime, const AgentOptions& options, const std::set<std::string>& in_use) {
  auto percent = [&]() -> int {
    auto disk = os::disk_info(options.data_dir);
    return disk && disk->total > 0 ? static_cast<int>((disk->total - disk->available) * 100 / disk->total) : 0;
  };
  if (percent() < options.image_gc_high_percent) return;
  auto images = runtime.list_images();
  std::stable_sort(images.begin(), images.end(), [](auto& a, auto& b) { return a.size_bytes > b.size_bytes; });
  for (auto& image : images) {
    if (image.pinned || in_use.contains(image.id)) continue;
    LOG_INFO("agent", "the disk is full to " << percent() << " %: removing unused image " << (image.repo_tags.empty() ? image.id : image.repo_tags.front()));
    if (Status s = runtime.remove_image(image.id); !s) LOG_WARN("agent", "image " << image.id << ": " << s.error().message);
    if (percent() <= options.image_gc_low_percent) return;
  }
}

}  // namespace skerry::agent
