#include "kubectl/certificate/certificate.h"

#include "base/clock.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

namespace {

std::vector<Flag> flags() {
  return std::vector<Flag>{
             {"force", 0, FlagType::kBool, "false", "Update the CSR even if it is already approved."},
             selector_flag(),
         } +
         file_flags("Filename, directory, or URL to files identifying the resource to update") + print_flags();
}

bool has_condition(const Json& csr, std::string_view type) {
  for (auto& c : json::array_or_empty(json::find(csr, {"status", "conditions"})))
    if (json::str(c, "type") == type) return true;
  return false;
}

Result<int> decide(Session& s, bool approve) {
  const char* type = approve ? "Approved" : "Denied";
  auto printer = TRY(result_printer(s, DryRun::kNone, true));
  Selection q = selection_of(s);
  if (q.filenames.empty() && q.kustomize.empty()) q.words.insert(q.words.begin(), "certificatesigningrequests");
  if (q.words.size() == 1 && q.label_selector.empty()) return plain_error("one or more CSRs must be specified as <name> or -f <filename>");
  auto items = TRY(select_items(s, q, {.fetch = true}));
  auto* objects = TRY(s.objects());
  for (auto& item : items) {
    Json csr = item.object;
    if (has_condition(csr, approve ? "Denied" : "Approved")) {
      s.fail(plain_error("certificate signing request \"" + item.name + "\" is already " + (approve ? "Denied" : "Approved")));
      continue;
    }
    if (!has_condition(csr, type) || s.flags.boolean("force")) {
      Json kept = Json::array();
      for (auto& c : json::array_or_empty(json::find(csr, {"status", "conditions"})))
        if (json::str(c, "type") != type) kept.push_back(c);
      kept.push_back({{"type", type}, {"status", "True"}, {"reason", approve ? "KubectlApprove" : "KubectlDeny"},
                      {"message", approve ? "This CSR was approved by kubectl certificate approve." : "This CSR was denied by kubectl certificate deny."},
                      {"lastUpdateTime", format_rfc3339(SystemClock().now())}});
      csr["status"]["conditions"] = std::move(kept);
      auto answer = objects->replace(item.mapping, "", item.name, csr, {.subresource = "approval"});
      if (!answer) {
        s.fail(answer.error());
        continue;
      }
      csr = std::move(*answer);
    }
    TRY(printer->print(item, csr, approve ? "approved" : "denied"));
  }
  return 0;
}

std::vector<std::string> complete(Session& s, const std::string& prefix) { return complete_names(s, "certificatesigningrequests", prefix); }

constexpr Command kApprove{
    .use = "approve (-f FILENAME | NAME)",
    .brief = "Approve a certificate signing request",
    .text = "Let the signer give out the certificate that a request asks for. Look at what it asks for first.",
    .examples = "  kubectl certificate approve csr-x7z\n",
    .flags = flags,
    .run = [](Session& s) { return decide(s, true); },
    .complete = complete,
};
constexpr Command kDeny{
    .use = "deny (-f FILENAME | NAME)",
    .brief = "Deny a certificate signing request",
    .examples = "  kubectl certificate deny csr-x7z\n",
    .flags = flags,
    .run = [](Session& s) { return decide(s, false); },
    .complete = complete,
};
constexpr const Command* kChildren[] = {&kApprove, &kDeny};

}  // namespace

constexpr Command kCertificate{
    .use = "certificate SUBCOMMAND",
    .brief = "Modify certificate resources",
    .text = "Decide about certificate signing requests.",
    .examples = "  # What waits for a decision\n  kubectl get csr\n\n  # Let the signer sign it\n  kubectl certificate approve csr-x7z\n",
    .children = kChildren,
};

}  // namespace skerry::kubectl
