#include "agent/image_folder.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/log.h"
#include "base/strings.h"
#include "json/json.h"
#include "os/files.h"
#include "runtime/reference.h"

namespace skerry::agent {
namespace {

constexpr size_t kMaxList = 1 << 20, kMaxReferences = 10000, kMaxFiles = 1000;
constexpr auto kFirstPause = seconds(10), kLongestPause = seconds(300), kUnwatchedPause = seconds(60), kSettlePause = seconds(2);

bool is_list(const std::string& name) { return name.ends_with(".txt"); }

// Empty: not a file of ours.
std::string mark_of(const std::string& path) {
  struct stat st {};
  if (::stat(path.c_str(), &st) != 0 || !S_ISREG(st.st_mode)) return "";
  return std::to_string(st.st_size) + " " + std::to_string(st.st_mtim.tv_sec) + "." + std::to_string(st.st_mtim.tv_nsec) + " " + std::to_string(st.st_ino);
}

// Has somebody the file open for writing? The kernel gives a read lease only if nobody has.
bool being_written(const std::string& path, const Clock& clock) {
  os::Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd) return false;
  ::fcntl(fd.get(), F_SETSIG, SIGURG);  // who opens it meanwhile must not end us with SIGIO
  if (::fcntl(fd.get(), F_SETLEASE, F_RDLCK) == 0) {
    ::fcntl(fd.get(), F_SETLEASE, F_UNLCK);
    return false;
  }
  if (errno == EAGAIN) return true;
  // A file system without leases: what was just written may not be at its end.
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return false;
  auto age = std::chrono::duration_cast<std::chrono::seconds>(clock.now().time_since_epoch()).count() - st.st_mtim.tv_sec;
  return age >= 0 && age < std::chrono::seconds(kSettlePause).count();
}

}  // namespace

Result<std::vector<std::string>> parse_image_list(std::string_view text) {
  std::vector<std::string> out;
  int number = 0;
  for (std::string_view line : split(text, '\n')) {
    ++number;
    line = trim(line.substr(0, line.find('#')));
    if (line.empty()) continue;
    std::string where = "line " + std::to_string(number) + ": ";
    if (out.size() >= kMaxReferences) return Error(Reason::kInvalid, where + "more than " + std::to_string(kMaxReferences) + " images");
    if (line.size() > 1024) return Error(Reason::kInvalid, where + "a line is a reference to an image");
    if (auto ref = runtime::parse_reference(line); !ref) return Error(Reason::kInvalid, where + "\"" + std::string(line) + "\": " + ref.error().message);
    if (std::find(out.begin(), out.end(), line) == out.end()) out.emplace_back(line);
  }
  return out;
}

ImageFolder::ImageFolder(runtime::Runtime& runtime, std::string directory, std::string state_file, const Clock& clock, Tell tell)
    : runtime_(runtime), directory_(std::move(directory)), state_file_(std::move(state_file)), clock_(clock), tell_(std::move(tell)),
      wake_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  load();
}

ImageFolder::~ImageFolder() { stop(); }

void ImageFolder::stop() {
  stopping_ = true;
  uint64_t one = 1;
  (void)!::write(wake_.get(), &one, sizeof one);
  if (thread_.joinable()) thread_.join();
}

void ImageFolder::import_archives() {
  watch();  // first, so that nothing that comes meanwhile is missed
  scan(false);
}

void ImageFolder::start() {
  if (!thread_.joinable()) thread_ = std::jthread([this] { run(); });
}

void ImageFolder::watch() {
  if (inotify_) return;
  os::Fd fd(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
  if (!fd) return;
  constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;
  if (inotify_add_watch(fd.get(), directory_.c_str(), kEvents) < 0) {
    if (errno != ENOENT && first_) LOG_WARN("images", "cannot watch " << directory_ << ", looking every minute: " << errno_error("inotify", errno).message);
    return;
  }
  inotify_ = std::move(fd);
}

void ImageFolder::run() {
  auto pause = seconds(kFirstPause);
  while (!stopping_) {
    watch();
    unsettled_ = false;
    bool again = scan(true);
    int timeout = -1;
    if (!inotify_) timeout = static_cast<int>(std::chrono::milliseconds(kUnwatchedPause).count());
    if (again) {
      timeout = static_cast<int>(std::chrono::milliseconds(std::min(pause, seconds(kLongestPause))).count());
      pause = std::min(pause * 2, seconds(kLongestPause));
    } else {
      pause = kFirstPause;
    }
    if (unsettled_) timeout = static_cast<int>(std::chrono::milliseconds(kSettlePause).count());
    pollfd fds[] = {{wake_.get(), POLLIN, 0}, {inotify_ ? inotify_.get() : -1, POLLIN, 0}};
    if (stopping_ || ::poll(fds, 2, timeout) <= 0) continue;
    if (!(fds[1].revents & POLLIN)) continue;
    pause = kFirstPause;
    alignas(inotify_event) char buffer[8192];
    for (ssize_t n; (n = ::read(inotify_.get(), buffer, sizeof buffer)) > 0;)
      for (char* p = buffer; p < buffer + n;) {
        auto* event = reinterpret_cast<inotify_event*>(p);
        p += sizeof *event + event->len;
        if (!(event->mask & (IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED))) continue;
        inotify_ = os::Fd();  // another directory may come under that name
        p = buffer + n;
      }
  }
}

bool ImageFolder::scan(bool with_lists) {
  std::vector<std::string> names = os::list_directory(directory_).value_or(std::vector<std::string>());
  std::erase_if(names, [](auto& n) { return n.starts_with("."); });
  if (names.size() > kMaxFiles) {
    LOG_WARN("images", directory_ << " holds " << names.size() << " files; only the first " << kMaxFiles << " are looked at");
    names.resize(kMaxFiles);
  }
  bool again = false, gone = false;
  for (auto it = files_.begin(); it != files_.end();) {
    const bool there = std::find(names.begin(), names.end(), it->first) != names.end();
    gone = gone || !there;
    it = there ? std::next(it) : files_.erase(it);
  }
  // Archives first: a list may name what they hold.
  std::stable_partition(names.begin(), names.end(), [](auto& n) { return !is_list(n); });
  for (auto& name : names) {
    if (stopping_) return false;
    if (is_list(name) && !with_lists) continue;
    const std::string path = directory_ + "/" + name, mark = mark_of(path);
    if (mark.empty()) continue;
    File& file = files_[name];
    const bool same = file.mark == mark;
    // Images that somebody removed come back with the next start, not before: whoever removed them meant it.
    const bool missing = first_ && !present(file);
    if (same && !missing && !file.again) continue;
    if (being_written(path, clock_)) {
      unsettled_ = unsettled_ || !inotify_;
      continue;
    }
    if (!same) file.complaint.clear();
    file.mark = mark;
    file.again = false;
    if (is_list(name)) pull(name, file);
    else import(name, file);
    save_and_pin();  // at once: a collection of unused images may be near
    again = again || file.again;
  }
  if (with_lists) first_ = false;
  if (gone || !told_pins_) save_and_pin();
  return again;
}

void ImageFolder::complain(const std::string& name, File& file, const std::string& what, bool again) {
  file.again = again;
  if (file.complaint == what) return;
  file.complaint = what;
  LOG_WARN("images", name << ": " << what);
  if (tell_) tell_("Warning", is_list(name) ? "ImageListFailed" : "ImageArchiveFailed", name + ": " + what);
}

void ImageFolder::import(const std::string& name, File& file) {
  auto images = runtime_.import_images(directory_ + "/" + name);
  if (!images) {
    // A bad archive stays one until it changes; a full disk may become empty.
    complain(name, file, images.error().message, !images.error().is(Reason::kInvalid) && !images.error().is(Reason::kNotFound));
    return;
  }
  file.complaint.clear();
  file.images.clear();
  for (auto& image : *images) {
    file.images.push_back(image.id);
    LOG_INFO("images", "imported " << (image.repo_tags.empty() ? image.id : skerry::join(image.repo_tags, ", ")) << " from " << name);
  }
}

void ImageFolder::pull(const std::string& name, File& file) {
  auto text = os::read_file(directory_ + "/" + name, kMaxList);
  if (!text) return complain(name, file, text.error().message, false);
  auto references = parse_image_list(*text);
  if (!references) return complain(name, file, references.error().message, false);
  file.images.clear();
  std::vector<std::string> failed;
  std::string why;
  for (auto& reference : *references) {
    if (stopping_) return;
    auto have = runtime_.find_image(reference);
    if (have && *have) {
      file.images.push_back((*have)->id);
      continue;
    }
    auto pulled = runtime_.pull_image(reference, {});
    if (pulled) {
      file.images.push_back(pulled->id);
      LOG_INFO("images", "pulled " << reference << " for " << name);
    } else {
      failed.push_back(reference);
      why = pulled.error().message;
    }
  }
  if (failed.empty()) file.complaint.clear();
  else complain(name, file, std::to_string(failed.size()) + " of " + std::to_string(references->size()) + " images could not be pulled yet: " + why, true);
}

bool ImageFolder::present(const File& file) {
  return std::all_of(file.images.begin(), file.images.end(), [&](auto& id) {
    auto have = runtime_.find_image(id);
    return have && have->has_value();
  });
}

void ImageFolder::load() {
  auto text = os::read_file(state_file_, 8 << 20);
  if (!text) return;
  auto root = json::parse_json(*text);
  if (!root) return;  // all is imported again
  for (auto& [name, entry] : json::object_or_empty(json::find(*root, "files")).items()) {
    File& file = files_[name];
    file.mark = json::str(entry, "mark");
    for (auto& id : json::array_or_empty(json::find(entry, "images")))
      if (id.is_string()) file.images.push_back(id.get<std::string>());
  }
}

void ImageFolder::save_and_pin() {
  Json entries = Json::object();
  std::set<std::string> pinned;
  for (auto& [name, file] : files_) {
    pinned.insert(file.images.begin(), file.images.end());
    // What went wrong is found out anew, and told again, by the next start.
    entries[name] = {{"mark", file.complaint.empty() && !file.again ? file.mark : ""}, {"images", file.images}};
  }
  if (Status s = runtime_.pin_images(pinned); !s) LOG_WARN("images", "pin images: " << s.error().message);
  else told_pins_ = true;
  std::string text = json::dump(Json{{"files", std::move(entries)}});
  auto before = os::read_file(state_file_, 8 << 20);
  if (before && *before == text) return;
  if (Status s = os::write_file_atomic(state_file_, text, 0600); !s) LOG_WARN("images", s.error().message);
}

}  // namespace skerry::agent
