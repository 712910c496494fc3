// `kubectl cp`: files and folders to and from containers, by the tar of the container.
#include <sys/stat.h>


#include "kubectl/objects.h"
#include "kubectl/streaming/commands.h"
#include "kubectl/streaming/copy.h"
#include "kubectl/streaming/pods.h"
#include "kubectl/streaming/remote.h"

namespace skerry::kubectl {
namespace {

std::vector<Flag> flags() {
  using enum FlagType;
  return {
      {"container", 'c', kString, "",
       "Container name. If omitted, use the kubectl.kubernetes.io/default-container annotation for selecting the container to be attached "
       "or the first container in the pod will be chosen"},
      {"no-preserve", 0, kBool, "false", "The copied file/directory's ownership and permissions will not be preserved in the container"},
      {"retries", 0, kInt, "0", "Set number of retries to complete a copy operation from a container. Specify 0 to disable or any negative value for infinite retrying. The default is 0 (no retry)."},
  };
}

// The pod's side of a copy: runs commands in its container.
class Side {
 public:
  Side(Session& session, CopyPlace place) : session_(session), place_(std::move(place)) {}

  Status find() {
    Objects* objects = TRY(session_.objects());
    std::string ns = place_.ns.empty() ? TRY(session_.ns()) : place_.ns;
    pod_ = TRY(objects->get(pod_mapping(), ns, place_.pod));
    std::string phase = json::str(pod_, {"status", "phase"});
    if (phase == "Succeeded" || phase == "Failed") {
      return plain_error("cannot exec into a container in a completed pod; current phase is " + phase);
    }
    const Json* container = TRY(container_or_default(session_, pod_, session_.flags.text("container"), false));
    container_ = json::str(*container, "name");
    return {};
  }

  RemoteCommand command(const std::vector<std::string>& words) const {
    RemoteCommand remote;
    remote.path = pod_path(pod_, "exec");
    remote.query.emplace_back("container", container_);
    for (const std::string& word : words) remote.query.emplace_back("command", word);
    remote.on_out = writer_to(session_.out);
    remote.on_err = writer_to(session_.err);
    return remote;
  }
  const Json& pod() const { return pod_; }

 private:
  Session& session_;
  const CopyPlace place_;
  Json pod_;
  std::string container_;
};

Result<int> to_pod(Session& session, const CopyPlace& from, const CopyPlace& to) {
  struct stat info{};
  if (::stat(from.path.c_str(), &info) != 0) return plain_error(from.path + " doesn't exist in local filesystem");
  Side side(session, to);
  TRY(side.find());
  std::string destination = clean_path(to.path);
  RemoteCommand probe = side.command({"test", "-d", to.path});
  probe.on_out = probe.on_err = [](std::string_view) { return true; };
  auto is_directory = run_remote(session, probe);
  if (is_directory && *is_directory == 0) destination = clean_path(to.path + "/" + base_name(clean_path(from.path)));
  std::vector<std::string> words = {"tar", "-xmf", "-"};
  if (session.flags.boolean("no-preserve")) words = {"tar", "--no-same-permissions", "--no-same-owner", "-xmf", "-"};
  std::string folder = parent_path(destination);
  if (!folder.empty()) {
    words.push_back("-C");
    words.push_back(folder);
  }
  RemoteCommand remote = side.command(words);
  TarSource source(clean_path(from.path), base_name(destination));
  remote.in_fd = TRY(source.start());
  auto code = run_remote(session, remote);
  Status packed = source.finish();
  if (!code) return code.error();
  if (!packed) return packed.error();
  return finish_remote(session, *code);
}

Result<int> from_pod(Session& session, const CopyPlace& from, const CopyPlace& to) {
  Side side(session, from);
  TRY(side.find());
  int64_t retries = session.flags.number("retries");
  std::string how = "exec -n \"" + pod_namespace(side.pod()) + "\" \"" + pod_name(side.pod()) + "\" -- tar cf - \"" + from.path + "\" | tar xf -";
  TarTarget target(tar_prefix(from.path), clean_path(to.path), [&](const std::string& line) { session.err << line << '\n' << std::flush; }, "kubectl " + how);
  uint64_t received = 0;
  Error broken;
  auto take = [&](std::string_view bytes) {
    received += bytes.size();
    auto status = target.feed(bytes);
    if (!status) broken = status.error();
    return status.has_value();
  };
  for (int64_t attempt = 0;; attempt++) {
    std::vector<std::string> words = {"tar", "cf", "-", from.path};
    if (retries != 0) words = {"sh", "-c", "tar cf - " + shell_quoted(from.path) + " | tail -c+" + std::to_string(received + 1)};
    RemoteCommand remote = side.command(words);
    remote.on_out = take;
    remote.on_err = writer_to(session.out);
    auto code = run_remote(session, remote);
    if (!broken.message.empty()) return broken;
    if (code && *code == 0 && target.complete()) return target.finish() ? 0 : 1;
    if (code && *code != 0) return finish_remote(session, *code);
    if (retries == 0 || (retries > 0 && attempt >= retries)) {
      if (retries > 0) session.err << "Dropping out copy after " << retries << " retries\n";
      if (!code) return code.error();
      return plain_error("unexpected EOF");
    }
    session.err << "Resuming copy at " << received << " bytes, retry " << attempt << "/" << retries << (code ? "" : " - " + code.error().message) << '\n' << std::flush;
  }
}

Result<int> run(Session& session) {
  const auto& words = session.words();
  if (words.size() != 2) return plain_error("source and destination are required");
  CopyPlace from = TRY(parse_place(words[0]));
  CopyPlace to = TRY(parse_place(words[1]));
  if (!from.pod.empty() && !to.pod.empty()) return plain_error("one of src or dest must be a local file specification");
  if (from.path.empty() || to.path.empty()) return plain_error("filepath can not be empty");
  if (!from.pod.empty()) return from_pod(session, from, to);
  if (!to.pod.empty()) return to_pod(session, from, to);
  return plain_error("one of src or dest must be a remote file specification");
}

}  // namespace

const Command kCp{
    .use = "cp <file-spec-src> <file-spec-dest>",
    .brief = "Copy files and directories to and from containers",
    .text = "Copy files and directories to and from containers. The container needs a tar program.\n\nSymbolic links are not copied from "
            "containers, and nothing is written outside of the destination.",
    .examples = R"(  # /tmp/foo of this machine to /tmp/bar of the container
  kubectl cp /tmp/foo some-namespace/some-pod:/tmp/bar

  # /tmp/foo of the container to /tmp/bar of this machine
  kubectl cp some-namespace/some-pod:/tmp/foo /tmp/bar

  # A folder, to a container that is not the first one
  kubectl cp /tmp/foo_dir some-pod:/tmp/bar_dir -c some-container

  # For what cp cannot do (links, wildcards, modes): tar itself
  kubectl exec some-pod -- tar cf - /tmp/foo | tar xf - -C /tmp/bar)",
    .flags = flags,
    .run = run,
};

}  // namespace skerry::kubectl
