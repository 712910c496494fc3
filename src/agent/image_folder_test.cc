#include "agent/image_folder.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <mutex>

#include "agent/housekeeping.h"
#include "agent/test_runtime.h"
#include "base/strings.h"
#include "os/files.h"

using namespace skerry;
using namespace skerry::agent;

namespace {

// A runtime that only knows images. An archive of it is a text: "bad", "full", or the image's id.
class ImageRuntime final : public UnusedRuntime {
 public:
  Result<std::vector<runtime::ImageInfo>> import_images(const std::string& path) override {
    std::lock_guard l(mutex);
    imports.push_back(path.substr(path.rfind('/') + 1));
    changed.notify_all();
    auto text = TRY(os::read_file(path));
    if (text == "bad") return Error(Reason::kInvalid, "no archive");
    if (text == "full") return internal_error("no space left");
    return std::vector<runtime::ImageInfo>{add(text)};
  }
  Result<runtime::ImageInfo> pull_image(const std::string& reference, const std::vector<runtime::RegistryAuth>&) override {
    std::lock_guard l(mutex);
    pulls.push_back(reference);
    changed.notify_all();
    if (offline) return Error(Reason::kServiceUnavailable, "no route");
    return add("id-" + reference);
  }
  Result<std::optional<runtime::ImageInfo>> find_image(const std::string& reference) override {
    std::lock_guard l(mutex);
    for (auto& [id, image] : images)
      if (id == reference || id == "id-" + reference) return std::optional(image);
    return std::optional<runtime::ImageInfo>();
  }
  std::vector<runtime::ImageInfo> list_images() override {
    std::lock_guard l(mutex);
    std::vector<runtime::ImageInfo> out;
    for (auto& [id, image] : images) out.push_back(image);
    return out;
  }
  Status remove_image(const std::string& id) override {
    std::lock_guard l(mutex);
    images.erase(id);
    return {};
  }
  Status pin_images(const std::set<std::string>& ids) override {
    std::lock_guard l(mutex);
    for (auto& [id, image] : images) image.pinned = ids.contains(id);
    pinned = ids;
    changed.notify_all();
    return {};
  }
  template <class F>
  bool wait(F&& condition) {
    std::unique_lock l(mutex);
    return changed.wait_for(l, std::chrono::seconds(30), condition);
  }

  std::mutex mutex;  // guards all below
  std::condition_variable changed;
  std::vector<std::string> imports, pulls;
  std::map<std::string, runtime::ImageInfo> images;
  std::set<std::string> pinned;
  bool offline = false;

 private:
  runtime::ImageInfo add(const std::string& id) {
    runtime::ImageInfo& image = images[id];
    image.id = id;
    image.repo_tags = {id};
    image.size_bytes = 1000;
    return image;
  }
};

struct Fixture {
  Fixture() {
    char name[] = "/tmp/skerry-image-folder-XXXXXX";
    dir = mkdtemp(name);
    REQUIRE(os::make_dirs(dir + "/images"));
  }
  ~Fixture() {
    folder.reset();
    CHECK(os::remove_tree(dir));
  }
  // Made elsewhere: a temporary name in the folder would be a file of its own.
  void write(const std::string& name, const std::string& text) {
    REQUIRE(os::write_file_atomic(dir + "/staging", text));
    REQUIRE(os::rename_file(dir + "/staging", dir + "/images/" + name));
  }
  void open() {
    folder.reset();
    folder = std::make_unique<ImageFolder>(runtime, dir + "/images", dir + "/state", clock, [this](auto& type, auto& reason, auto& message) {
      std::lock_guard l(runtime.mutex);
      told.push_back(type + " " + reason + " " + message);
    });
    folder->import_archives();
  }
  std::string dir;
  SystemClock clock;
  ImageRuntime runtime;
  std::vector<std::string> told;  // guarded by the runtime's mutex
  std::unique_ptr<ImageFolder> folder;
};

using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("image folder: archives are imported once, again when they change or their image is gone at a start, and pinned") {
  Fixture f;
  f.write("a.tar", "one");
  f.write("b.tar", "bad");
  f.write(".hidden", "three");
  f.open();
  CHECK(f.runtime.imports == Names{"a.tar", "b.tar"});
  CHECK(f.runtime.pinned == std::set<std::string>{"one"});
  CHECK(f.told == Names{"Warning ImageArchiveFailed b.tar: no archive"});
  f.runtime.imports.clear();
  f.open();  // a restart: what was bad is tried and told again, what was good is not read
  CHECK(f.runtime.imports == Names{"b.tar"});
  CHECK(f.runtime.pinned == std::set<std::string>{"one"});
  f.runtime.images.erase("one");
  f.write("b.tar", "two");
  f.runtime.imports.clear();
  f.open();
  CHECK(f.runtime.imports == Names{"a.tar", "b.tar"});
  CHECK(f.runtime.pinned == std::set<std::string>{"one", "two"});
  REQUIRE(os::remove_file(f.dir + "/images/a.tar"));
  f.open();
  CHECK(f.runtime.pinned == std::set<std::string>{"two"});
}

TEST_CASE("image folder: what appears is imported when it is whole, and what is wrong is told once for each change") {
  Fixture f;
  f.open();
  f.folder->start();
  {
    os::Fd copy(::open((f.dir + "/images/slow.tar").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    REQUIRE(os::write_all(copy.get(), "whole"));
    f.write("quick.tar", "quick");  // makes it look while the other is being written
    CHECK(f.runtime.wait([&] { return f.runtime.pinned.contains("quick"); }));
    std::lock_guard l(f.runtime.mutex);
    CHECK(f.runtime.imports == Names{"quick.tar"});
  }
  CHECK(f.runtime.wait([&] { return f.runtime.pinned == std::set<std::string>{"quick", "whole"}; }));
  f.write("x.tar", "bad");
  CHECK(f.runtime.wait([&] { return f.told.size() == 1; }));
  f.write("y.tar", "fine");
  CHECK(f.runtime.wait([&] { return f.runtime.pinned.contains("fine"); }));
  f.write("x.tar", "good");
  CHECK(f.runtime.wait([&] { return f.runtime.pinned.contains("good"); }));
  std::lock_guard l(f.runtime.mutex);
  CHECK(f.told.size() == 1);
  CHECK(f.runtime.imports == Names{"quick.tar", "slow.tar", "x.tar", "y.tar", "x.tar"});
}

TEST_CASE("image folder: lists are pulled by the thread, tried again while the network is down, and pinned") {
  Fixture f;
  f.runtime.offline = true;
  f.write("a.txt", "# ours\nexample.test/app:1   # the app\n\nexample.test/app:1\nbusybox\n");
  f.write("bad.txt", "\nNot A Reference\n");
  f.open();
  CHECK(f.runtime.pulls.empty());
  f.folder->start();
  CHECK(f.runtime.wait([&] { return f.told.size() == 2; }));
  {
    std::lock_guard l(f.runtime.mutex);
    CHECK(f.told[0] == "Warning ImageListFailed a.txt: 2 of 2 images could not be pulled yet: no route");
    CHECK(f.told[1].find("Warning ImageListFailed bad.txt: line 2: \"Not A Reference\": ") == 0);
    CHECK(f.runtime.pulls == Names{"example.test/app:1", "busybox"});
    f.runtime.offline = false;
  }
  f.write("other.txt", "");  // something has changed: no need to wait for the pause
  CHECK(f.runtime.wait([&] { return f.runtime.pinned == std::set<std::string>{"id-example.test/app:1", "id-busybox"}; }));
  std::lock_guard l(f.runtime.mutex);
  CHECK(f.told.size() == 2);
}

TEST_CASE("image folder: its images are not collected, others are") {
  Fixture f;
  f.write("a.tar", "kept");
  f.open();
  REQUIRE(f.runtime.pull_image("unused", {}));
  REQUIRE(f.runtime.pull_image("used", {}));
  AgentOptions options;
  options.data_dir = f.dir;
  options.image_gc_high_percent = 0;  // always
  options.image_gc_low_percent = -1;
  collect_images(f.runtime, options, {"id-used"});
  CHECK(f.runtime.images.size() == 2);
  CHECK(f.runtime.images.contains("kept"));
  CHECK(f.runtime.images.contains("id-used"));
}
