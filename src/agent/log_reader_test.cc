#include "agent/log_reader.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

using namespace skerry;
using namespace skerry::agent;

namespace {

struct Directory {
  std::string path;
  Directory() {
    char name[] = "/tmp/skerry-log-XXXXXX";
    path = ::mkdtemp(name);
  }
  ~Directory() { std::filesystem::remove_all(path); }
  void append(const std::string& text, const std::string& file = "0.log") { std::ofstream(path + "/" + file, std::ios::app) << text; }
};

std::string line(int second, std::string_view text, std::string_view stream = "stdout", std::string_view tag = "F") {
  return "2026-01-02T03:04:0" + std::to_string(second) + ".000000000Z " + std::string(stream) + " " + std::string(tag) + " " + std::string(text) + "\n";
}

std::string read(const Directory& directory, const LogOptions& options) {
  std::string out;
  auto status = read_log(directory.path, 0, options, [&](std::string_view text) { out += text; return true; }, [] { return false; });
  return status ? out : "error " + status.error().message;
}

}  // namespace

TEST_CASE("log reader: content, timestamps, tail, since, limit, streams, partial lines") {
  Directory directory;
  CHECK(read(directory, {}) == "error log file not found");
  directory.append(line(1, "one") + line(2, "two", "stderr") + line(3, "thr", "stdout", "P") + line(3, "ee") + "garbage\n" + line(4, ""));
  CHECK(read(directory, {}) == "one\ntwo\nthree\n\n");
  LogOptions options;
  options.timestamps = true;
  CHECK(read(directory, options).substr(0, 34) == "2026-01-02T03:04:01.000000000Z one");
  options = {};
  options.tail_lines = 1;
  CHECK(read(directory, options) == "\n");
  options.tail_lines = 0;
  CHECK(read(directory, options) == "");
  options.tail_lines = 100;
  CHECK(read(directory, options) == "one\ntwo\nthree\n\n");
  options = {};
  options.since = parse_rfc3339("2026-01-02T03:04:03Z");
  CHECK(read(directory, options) == "three\n\n");
  options = {};
  options.limit_bytes = 6;
  CHECK(read(directory, options) == "one\ntw");
  options = {};
  options.stream = "Stderr";
  CHECK(read(directory, options) == "two\n");
}

TEST_CASE("log reader: tail counts over block borders") {
  Directory directory;
  std::string all;
  for (int i = 0; i < 5000; i++) {
    all += line(i % 10, "entry number " + std::to_string(i));
  }
  directory.append(all);
  LogOptions options;
  options.tail_lines = 2500;
  std::string text = read(directory, options);
  CHECK(text.starts_with("entry number 2500\n"));
  CHECK(std::count(text.begin(), text.end(), '\n') == 2500);
}

TEST_CASE("log reader: follow goes on over rotation and ends with the container") {
  Directory directory;
  directory.append(line(1, "a"));
  std::mutex mutex;
  std::string out;
  std::atomic<bool> alive{true};
  LogOptions options;
  options.follow = true;
  std::thread reader([&] {
    auto status = read_log(directory.path, 0, options,
                           [&](std::string_view text) {
                             std::lock_guard l(mutex);
                             out += text;
                             return true;
                           },
                           [&] { return alive.load(); });
    CHECK(status);
  });
  auto wait_for = [&](const std::string& text) {
    while (true) {
      {
        std::lock_guard l(mutex);
        if (out == text) return;
      }
      std::this_thread::yield();  // the reader wants the mutex too
    }
  };
  wait_for("a\n");
  directory.append(line(2, "b"));
  wait_for("a\nb\n");
  directory.append(line(3, "c"));
  std::filesystem::rename(directory.path + "/0.log", directory.path + "/0.log.20260102-030405");
  directory.append(line(4, "d"));
  wait_for("a\nb\nc\nd\n");
  directory.append(line(5, "e"));
  alive = false;
  reader.join();
  CHECK(out == "a\nb\nc\nd\ne\n");
}
