#include "agent/log_reader.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/strings.h"

namespace skerry::agent {
namespace {

constexpr size_t kBlock = 64 << 10;
constexpr size_t kMaxLine = 1 << 20;  // the runtime cuts at 16 KiB; more is not a log of ours
constexpr int kLookMs = 1000;         // how often a quiet log's container is looked at

struct File {
  int fd = -1;
  File() = default;
  explicit File(int f) : fd(f) {}
  File(File&& o) noexcept : fd(std::exchange(o.fd, -1)) {}
  File& operator=(File&& o) noexcept {
    std::swap(fd, o.fd);
    return *this;
  }
  ~File() {
    if (fd >= 0) ::close(fd);
  }
};

std::string log_path(const std::string& directory, uint32_t attempt) { return directory + "/" + std::to_string(attempt) + ".log"; }

// Where the last `lines` lines begin.
off_t tail_offset(int fd, int64_t lines) {
  off_t size = ::lseek(fd, 0, SEEK_END);
  if (lines <= 0) return size;
  std::string block(kBlock, '\0');
  int64_t seen = 0;
  for (off_t end = size; end > 0;) {
    off_t begin = std::max<off_t>(0, end - static_cast<off_t>(kBlock));
    ssize_t n = ::pread(fd, block.data(), static_cast<size_t>(end - begin), begin);
    if (n <= 0) return 0;
    for (ssize_t i = n - 1; i >= 0; i--) {
      // The newline that ends the file ends its last line; the n+1-th from the end is before the n-th line.
      if (block[static_cast<size_t>(i)] == '\n' && begin + i != size - 1 && ++seen == lines) return begin + i + 1;
    }
    end = begin;
  }
  return 0;
}

// Turns entries into what the reader sees; keeps the counts that go over entries.
class Output {
 public:
  Output(const LogOptions& options, const LogSink& sink) : options_(options), sink_(sink), left_(options.limit_bytes) {}

  // False: enough, or the reader is gone.
  bool entry(std::string_view text) {
    LogLine line;
    if (!parse_log_line(text, line)) return true;
    if (options_.since && line.time < *options_.since) return true;
    if (options_.stream == "Stdout" && line.err) return true;
    if (options_.stream == "Stderr" && !line.err) return true;
    if (options_.timestamps && new_line_) {
      buffer_ += format_rfc3339(line.time, 9);
      buffer_ += ' ';
    }
    buffer_ += line.content;
    if (!line.partial) buffer_ += '\n';
    new_line_ = !line.partial;
    return buffer_.size() < kBlock || flush();
  }

  bool flush() {
    if (done_) return false;
    if (buffer_.empty()) return true;
    if (left_) {
      if (static_cast<int64_t>(buffer_.size()) >= *left_) {
        buffer_.resize(static_cast<size_t>(std::max<int64_t>(0, *left_)));
        done_ = true;
      }
      *left_ -= static_cast<int64_t>(buffer_.size());
    }
    bool ok = buffer_.empty() || sink_(buffer_);
    buffer_.clear();
    return ok && !done_;
  }

 private:
  const LogOptions& options_;
  const LogSink& sink_;
  std::optional<int64_t> left_;
  std::string buffer_;
  bool new_line_ = true, done_ = false;
};

// Splits a growing file into lines.
class Lines {
 public:
  // Everything up to the present end of the file; false: the output wants no more.
  bool read(int fd, Output& output) {
    std::string block(kBlock, '\0');
    while (true) {
      ssize_t n = ::read(fd, block.data(), block.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return true;
      if (!take(std::string_view(block).substr(0, static_cast<size_t>(n)), output)) return false;
    }
  }
  // What was written without a newline so far does not go on in the next file.
  void reset() { rest_.clear(); }

 private:
  bool take(std::string_view bytes, Output& output) {
    while (true) {
      size_t end = bytes.find('\n');
      if (end == bytes.npos) break;
      std::string_view line = bytes.substr(0, end);
      bool ok;
      if (rest_.empty()) {
        ok = output.entry(line);
      } else {
        rest_ += line;
        ok = output.entry(rest_);
        rest_.clear();
      }
      if (!ok) return false;
      bytes.remove_prefix(end + 1);
    }
    if (rest_.size() + bytes.size() <= kMaxLine) rest_ += bytes;
    return true;
  }
  std::string rest_;
};

// Has the file been replaced under its name?
bool replaced(const std::string& path, int fd) {
  struct stat open_file{}, named{};
  return ::fstat(fd, &open_file) == 0 && ::stat(path.c_str(), &named) == 0 &&
         (open_file.st_ino != named.st_ino || open_file.st_dev != named.st_dev);
}

}  // namespace

bool parse_log_line(std::string_view line, LogLine& out) {
  size_t space = line.find(' ');
  if (space == line.npos) return false;
  auto time = parse_rfc3339(line.substr(0, space));
  if (!time) return false;
  out.time = *time;
  out.time_text = line.substr(0, space);
  line.remove_prefix(space + 1);
  if (starts_with(line, "stdout ")) {
    out.err = false;
  } else if (starts_with(line, "stderr ")) {
    out.err = true;
  } else {
    return false;
  }
  line.remove_prefix(7);
  space = line.find(' ');
  std::string_view tags = line.substr(0, space);
  std::string_view first = tags.substr(0, tags.find(':'));
  if (first != "F" && first != "P") return false;
  out.partial = first == "P";
  out.content = space == line.npos ? std::string_view() : line.substr(space + 1);
  return true;
}

bool log_exists(const std::string& directory, uint32_t attempt) { return ::access(log_path(directory, attempt).c_str(), R_OK) == 0; }

Status read_log(const std::string& directory, uint32_t attempt, const LogOptions& options, const LogSink& sink,
                const LogAlive& alive) {
  std::string path = log_path(directory, attempt);
  File watch;
  if (options.follow) {  // before reading, so that nothing written meanwhile is slept over
    watch = File(inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (watch.fd < 0) return errno_error("inotify", errno);
    inotify_add_watch(watch.fd, directory.c_str(), IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE);
  }
  File file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0 && errno == ENOENT) return Error(Reason::kNotFound, "log file not found");
  if (file.fd < 0) return errno_error("open " + path, errno);
  if (options.tail_lines) ::lseek(file.fd, tail_offset(file.fd, *options.tail_lines), SEEK_SET);

  Output output(options, sink);
  Lines lines;
  bool last_round = !options.follow;
  while (true) {
    if (!lines.read(file.fd, output) || !output.flush()) return {};
    if (replaced(path, file.fd)) {
      File next(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
      if (next.fd >= 0) {
        if (!lines.read(file.fd, output)) return {};  // written between our reading and the rotation
        lines.reset();
        file = std::move(next);
        continue;
      }
    }
    if (last_round) return {};
    pollfd p{watch.fd, POLLIN, 0};
    ::poll(&p, 1, kLookMs);
    char events[4096];
    while (::read(watch.fd, events, sizeof events) > 0) {
    }
    last_round = !alive();  // then what was written before its end is read once more
  }
}

}  // namespace skerry::agent
