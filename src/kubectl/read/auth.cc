// kubectl auth, kubectl auth whoami.
#include "kubectl/read/auth.h"

#include "kubectl/printing.h"
#include "kubectl/read/commands.h"
#include "kubectl/read/typed_json.h"
#include "kubectl/write_flags.h"
#include "output/tab_writer.h"

namespace skerry::kubectl {

namespace {

// Go's %v of a list of strings.
std::string in_brackets(const Json& list) {
  std::string out = "[";
  for (auto& v : json::array_or_empty(list)) out += (out.size() > 1 ? " " : "") + (v.is_string() ? v.get<std::string>() : v.dump());
  return out + "]";
}

Result<int> run_whoami(Session& s) {
  auto format = TRY(output::parse_output_format(output_flags_of(s), {}));
  auto* rest = TRY(s.rest());
  Json review = {{"apiVersion", "authentication.k8s.io/v1"}, {"kind", "SelfSubjectReview"}, {"metadata", Json::object()}};
  auto answer = rest->json({.method = "POST", .path = "/apis/authentication.k8s.io/v1/selfsubjectreviews", .body = json::dump(review)});
  if (!answer) {
    if (answer.error().is(Reason::kForbidden))
      return plain_error("the selfsubjectreviews API is not enabled in the cluster or you do not have permission to call it");
    if (answer.error().code == 404) return plain_error("the selfsubjectreviews API is not enabled in the cluster");
    return answer.error();
  }
  const Json& user = json::find(*answer, {"status", "userInfo"});
  if (format.format != output::Format::kTable) {
    static constexpr std::string_view kUser[] = {"username", "uid", "groups", "extra"};
    output::OrderedJson object;
    object["kind"] = "SelfSubjectReview";
    object["apiVersion"] = "authentication.k8s.io/v1";
    object["metadata"] = metadata_in_order(json::find(*answer, "metadata"));
    object["status"]["userInfo"] = in_order(user, kUser);
    TRY(print_typed(s, format, object));
    return 0;
  }
  auto writer = output::TabWriter::for_tables();
  writer.write("ATTRIBUTE\tVALUE\n");
  if (auto name = json::str(user, "username"); !name.empty()) writer.write("Username\t" + name + "\n");
  if (auto uid = json::str(user, "uid"); !uid.empty()) writer.write("UID\t" + uid + "\n");
  if (auto& groups = json::array_or_empty(json::find(user, "groups")); !groups.empty()) writer.write("Groups\t" + in_brackets(groups) + "\n");
  for (auto& [key, values] : json::object_or_empty(json::find(user, "extra")).items()) writer.write("Extra: " + key + "\t" + in_brackets(values) + "\n");
  s.out << writer.flush();
  return 0;
}

constexpr const Command* kChildren[] = {&kCanI, &kReconcile, &kWhoami};

}  // namespace

constexpr Command kWhoami{
    .use = "whoami",
    .brief = "Experimental: Check self subject attributes",
    .text = "Show who the server takes you for: name, groups and what else it knows from your credentials.",
    .examples = "  # My name and groups\n  kubectl auth whoami\n\n  # The same for a program\n  kubectl auth whoami -o json\n",
    .flags = print_flags,
    .run = run_whoami,
};

constexpr Command kAuth{
    .use = "auth",
    .brief = "Inspect authorization",
    .text = "Inspect authorization.",
    .examples = "  # Who am I?\n  kubectl auth whoami\n\n  # What may I do here?\n  kubectl auth can-i --list\n",
    .children = kChildren,
};

}  // namespace skerry::kubectl
