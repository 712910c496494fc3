#include "kubectl/streaming/copy.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

#include "base/strings.h"
#include "kubectl/session.h"
#include "json/json.h"

namespace skerry::kubectl {
namespace {

constexpr int kMaxDepth = 512;

Error file_error(const char* what, const std::string& path) {
  return plain_error(std::string(what) + " " + path + ": " + to_lower(std::strerror(errno)));
}

std::string in_quotes(const std::string& text) { return json::dump(Json(text)); }

// mkdir -p
Status make_folders(const std::string& path) {
  if (path.empty() || path == "." || path == "/") return {};
  struct stat info{};
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return {};
    return plain_error("mkdir " + path + ": not a directory");
  }
  TRY(make_folders(parent_path(path)));
  if (::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) return file_error("mkdir", path);
  return {};
}

bool inside(const std::string& destination, const std::string& path) {
  if (destination == ".") return path[0] != '/' && path != ".." && !starts_with(path, "../");
  return path == destination || destination == "/" || starts_with(path, destination + "/");
}

}  // namespace

std::string clean_path(std::string_view path) {
  bool rooted = !path.empty() && path[0] == '/';
  std::vector<std::string_view> kept;
  for (std::string_view part : split(path, '/')) {
    if (part.empty() || part == ".") continue;
    if (part != "..") kept.push_back(part);
    else if (!kept.empty() && kept.back() != "..") kept.pop_back();
    else if (!rooted) kept.push_back(part);
  }
  std::string clean = rooted ? "/" : "";
  for (std::string_view part : kept) {
    if (!clean.empty() && clean.back() != '/') clean += '/';
    clean += part;
  }
  return clean.empty() ? "." : clean;
}

std::string base_name(std::string_view clean) {
  size_t slash = clean.rfind('/');
  return clean == "/" || slash == clean.npos ? std::string(clean) : std::string(clean.substr(slash + 1));
}

std::string parent_path(std::string_view clean) {
  size_t slash = clean.rfind('/');
  if (slash == clean.npos) return ".";
  return slash == 0 ? "/" : std::string(clean.substr(0, slash));
}

std::string tar_prefix(std::string_view remote_path) {
  size_t first = remote_path.find_first_not_of('/');
  std::string clean = clean_path(first == remote_path.npos ? "" : remote_path.substr(first));
  while (clean == ".." || starts_with(clean, "../")) clean.erase(0, std::min<size_t>(clean.size(), 3));
  return clean == "." ? "" : clean;
}

std::string shell_quoted(std::string_view word) {
  std::string out = "'";
  for (char c : word) c == '\'' ? out += "'\\''" : out += c;
  return out + "'";
}

Result<CopyPlace> parse_place(const std::string& word) {
  Error wrong = plain_error("filespec must match the canonical format: [[namespace/]pod:]file/path");
  size_t colon = word.find(':');
  if (colon == 0) return wrong;
  if (colon == std::string::npos) return CopyPlace{"", "", word};
  auto pieces = split(std::string_view(word).substr(0, colon), '/');
  if (pieces.size() > 2) return wrong;
  CopyPlace place;
  place.pod = std::string(pieces.back());
  if (pieces.size() == 2) place.ns = std::string(pieces[0]);
  place.path = word.substr(colon + 1);
  return place;
}

// ---- packing --------------------------------------------------------------------------------------------

TarSource::~TarSource() { (void)finish(); }

Result<int> TarSource::start() {
  int pipe[2];
  if (::pipe2(pipe, O_CLOEXEC) != 0) return errno_error("pipe", errno);
  read_fd_ = pipe[0];
  write_fd_ = pipe[1];
  thread_ = std::thread([this] {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);  // SIGPIPE too: write() says it
    outcome_ = pack();
    ::close(std::exchange(write_fd_, -1));
  });
  return read_fd_;
}

Status TarSource::finish() {
  if (read_fd_ >= 0) ::close(std::exchange(read_fd_, -1));
  if (thread_.joinable()) thread_.join();
  return std::exchange(outcome_, Status());
}

Status TarSource::put(std::string_view bytes) {
  while (!bytes.empty() && !unread_) {
    ssize_t n = ::write(write_fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) unread_ = true;  // the other side has ended; its exit code tells more
    else bytes.remove_prefix(static_cast<size_t>(n));
  }
  return {};
}

Status TarSource::pack() {
  glob_t found{};
  std::unique_ptr<glob_t, void (*)(glob_t*)> owned(&found, ::globfree);
  int result = ::glob(path_.c_str(), 0, nullptr, &found);
  if (result == GLOB_NOMATCH) {  // a name with special characters
    TRY(add(path_, name_, 0));
  } else if (result != 0) {
    return plain_error("cannot read " + path_);
  }
  for (size_t i = 0; i < found.gl_pathc; i++) TRY(add(found.gl_pathv[i], name_, 0));
  return put(tar_end());
}

Status TarSource::add(const std::string& path, const std::string& name, int depth) {
  if (unread_) return {};
  if (depth > kMaxDepth) return plain_error(path + ": too many levels of folders");
  struct stat info{};
  if (::lstat(path.c_str(), &info) != 0) return file_error("lstat", path);
  TarEntry entry;
  entry.name = name;
  entry.mode = info.st_mode & 07777;
  entry.uid = info.st_uid;
  entry.gid = info.st_gid;
  entry.mtime_s = info.st_mtime;
  if (S_ISLNK(info.st_mode)) {
    entry.link.resize(4096);
    ssize_t n = ::readlink(path.c_str(), entry.link.data(), entry.link.size());
    if (n < 0) return file_error("readlink", path);
    entry.link.resize(static_cast<size_t>(n));
    entry.type = '2';
    return put(tar_header(entry));
  }
  if (!S_ISDIR(info.st_mode)) return add_file(path, std::move(entry));
  std::unique_ptr<DIR, int (*)(DIR*)> folder(::opendir(path.c_str()), ::closedir);
  if (!folder) return file_error("open", path);
  std::vector<std::string> names;
  while (dirent* item = ::readdir(folder.get())) {
    std::string child = item->d_name;
    if (child != "." && child != "..") names.push_back(std::move(child));
  }
  folder.reset();
  std::sort(names.begin(), names.end());
  if (names.empty()) {
    entry.type = '5';
    entry.name += "/";
    TRY(put(tar_header(entry)));
  }
  for (const std::string& child : names) TRY(add(path + "/" + child, name + "/" + child, depth + 1));
  return {};
}

// Exactly as many bytes as the header says, whatever happens to the file meanwhile.
Status TarSource::add_file(const std::string& path, TarEntry entry) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return file_error("open", path);
  std::unique_ptr<int, void (*)(int*)> owned(&fd, [](int* open) { ::close(*open); });
  struct stat info{};
  if (::fstat(fd, &info) != 0) return file_error("stat", path);
  if (!S_ISREG(info.st_mode)) return plain_error(path + " is not a regular file");
  entry.size = static_cast<uint64_t>(info.st_size);
  TRY(put(tar_header(entry)));
  std::vector<char> buffer(64 << 10);
  for (uint64_t left = entry.size; left > 0 && !unread_;) {
    ssize_t n = ::read(fd, buffer.data(), static_cast<size_t>(std::min<uint64_t>(left, buffer.size())));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return file_error("read", path);
    if (n == 0) return plain_error("read " + path + ": the file became shorter while it was copied");
    TRY(put(std::string_view(buffer.data(), static_cast<size_t>(n))));
    left -= static_cast<uint64_t>(n);
  }
  return put(tar_padding(entry.size));
}

// ---- unpacking ------------------------------------------------------------------------------------------

TarTarget::TarTarget(std::string prefix, std::string destination, std::function<void(const std::string&)> say, std::string by_hand)
    : prefix_(std::move(prefix)), destination_(std::move(destination)), say_(std::move(say)), by_hand_(std::move(by_hand)),
      parser_({[this](const TarEntry& entry) { return begin(entry); }, [this](std::string_view bytes) { return write(bytes); },
               [this] { return end_file(); }}) {}

TarTarget::~TarTarget() {
  if (file_) std::fclose(file_);
}

Status TarTarget::begin(const TarEntry& entry) {
  if (!starts_with(entry.name, prefix_)) return plain_error("tar contents corrupted");
  std::string below = entry.name.substr(prefix_.size());
  std::string path = clean_path(destination_ + "/" + below);
  if (!inside(destination_, path)) {
    say_("warning: file " + in_quotes(path) + " is outside target destination, skipping");
    return {};
  }
  TRY(make_folders(parent_path(path)));
  if (entry.is_directory()) return make_folders(path);
  if (entry.type == '2') {
    std::string what = "warning: skipping symlink: " + in_quotes(path) + " -> " + in_quotes(entry.link);
    say_(std::exchange(link_said_, true) ? what : what + " (consider using \"" + by_hand_ + "\")");
    return {};
  }
  if (entry.type == '1') {
    say_("warning: skipping hard link: " + in_quotes(path) + " -> " + in_quotes(entry.link));
    return {};
  }
  if (entry.type != '0' && entry.type != '7') {
    say_("warning: skipping special file: " + in_quotes(path));
    return {};
  }
  file_path_ = path;
  file_ = std::fopen(path.c_str(), "wbe");
  if (!file_) return file_error("open", path);
  return {};
}

Status TarTarget::write(std::string_view bytes) {
  if (file_ && std::fwrite(bytes.data(), 1, bytes.size(), file_) != bytes.size()) return file_error("write", file_path_);
  return {};
}

Status TarTarget::end_file() {
  if (file_ && std::fclose(std::exchange(file_, nullptr)) != 0) return file_error("close", file_path_);
  return {};
}

}  // namespace skerry::kubectl
