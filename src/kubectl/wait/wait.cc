#include "kubectl/wait/wait.h"

#include <algorithm>
#include <chrono>
#include <thread>

#include "base/strings.h"
#include "kubectl/change/wait_gone.h"
#include "kubectl/completion.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/write_flags.h"

namespace skerry::kubectl {

namespace {

using SteadyClock = std::chrono::steady_clock;

std::vector<Flag> flags() {
  using enum FlagType;
  return std::vector<Flag>{
             {"all", 0, kBool, "false", "Select all resources in the namespace of the specified resource types"},
             all_namespaces_flag(),
             field_selector_flag(),
             {"for", 0, kArray, "",
              "The condition to wait on: [create|delete|condition=condition-name[=condition-value]|jsonpath='{JSONPath expression}'=[JSONPath value]]. The default "
              "condition-value is true. Condition values are compared after Unicode simple case folding, which is a more general form of case-insensitivity."},
             {"local", 0, kBool, "false", "If true, annotation will NOT contact api-server but run locally."},
             selector_flag(),
             {"timeout", 0, kDuration, "30s", "The length of time to wait before giving up. Zero means check once and don't wait, negative means wait for a week."},
         } +
         file_flags("identifying the resource.") + print_flags();
}

Error late(const Item& item) { return plain_error("timed out waiting for the condition on " + item.mapping.resource + "/" + item.name); }

class Wait {
 public:
  Wait(Session& s, std::vector<Condition> conditions) : s_(s), conditions_(std::move(conditions)) {}

  Result<int> run() {
    auto timeout = s_.flags.duration("timeout");
    if (timeout.count() < 0) timeout = std::chrono::hours(168);
    once_ = timeout.count() == 0;
    deadline_ = SteadyClock::now() + std::chrono::duration_cast<SteadyClock::duration>(timeout);
    printer_ = TRY(result_printer(s_));
    objects_ = TRY(s_.objects());
    for (auto& condition : conditions_) {
      TRY(wait_for(condition));
      if (s_.failed()) break;
    }
    return 0;
  }

 private:
  Status wait_for(const Condition& condition) {
    if (condition.kind() == Condition::Kind::kCreate) TRY(wait_for_creation());
    auto selected = TRY(select(s_, selection_of(s_), {.fetch = true, .ignore_not_found = condition.kind() == Condition::Kind::kDelete}));
    if (selected.items.empty() && selected.errors.empty()) {
      if (condition.kind() == Condition::Kind::kDelete) return {};
      return plain_error("no matching resources found");
    }
    std::vector<Error> errors;
    for (auto& item : selected.items) {
      auto done = one(condition, item);
      if (done) TRY(printer_->print(item, *done, "condition met"));
      else errors.push_back(done.error());
      s_.out << std::flush;
    }
    errors.insert(errors.end(), selected.errors.begin(), selected.errors.end());
    s_.fail(errors);
    return {};
  }

  // Until everything that the command line names exists.
  Status wait_for_creation() {
    const Selection named = selection_of(s_);
    for (;;) {
      auto selected = TRY(select(s_, named, {.fetch = true}));
      bool missing = selected.items.empty();
      for (auto& e : selected.errors) {
        if (e.code != 404) return e;
        missing = true;
      }
      if (!missing) return {};
      if (once_ || SteadyClock::now() >= deadline_) return plain_error("timed out waiting for the condition");
      std::this_thread::sleep_for(std::chrono::milliseconds(500));
    }
  }

  int seconds_left() const {
    auto left = std::chrono::duration_cast<std::chrono::seconds>(deadline_ - SteadyClock::now()).count();
    return static_cast<int>(std::clamp<int64_t>(left + 1, 1, 300));
  }

  // The object when the condition was met.
  Result<Json> one(const Condition& condition, const Item& item) {
    switch (condition.kind()) {
      case Condition::Kind::kCreate: return item.object;
      case Condition::Kind::kDelete: {
        if (once_) return plain_error("condition not met for " + item.mapping.resource + "/" + item.name);
        auto left = std::max<std::chrono::nanoseconds>(deadline_ - SteadyClock::now(), std::chrono::milliseconds(1));
        auto gone = wait_until_gone(*objects_, item, json::str(item.object, {"metadata", "uid"}), left);
        if (!gone) return gone.error().code == 0 && !starts_with(gone.error().message, "timed out") ? gone.error() : late(item);
        return item.object;
      }
      default: break;
    }
    Json object = item.object;  // null while it is gone: it may come back under its name, as the pods of stateful sets do
    std::string revision = json::str(object, {"metadata", "resourceVersion"});
    for (;;) {
      if (!object.is_null() && TRY(condition.met(object))) return object;
      if (once_) return plain_error("condition not met for " + item.mapping.resource + "/" + item.name);
      if (SteadyClock::now() >= deadline_) return late(item);
      const std::string selector = "metadata.name=" + item.name;
      bool met = false;
      Status failure;
      auto watched = objects_->watch(
          item.mapping, item.ns, {.field_selector = selector, .resource_version = revision},
          [&](const std::string& type, Json o) {
            if (type == "ERROR") return false;
            if (type == "DELETED") object = nullptr;
            if (type != "ADDED" && type != "MODIFIED") return true;
            object = std::move(o);
            auto result = condition.met(object);
            if (!result) failure = result.error();
            met = result && *result;
            return result && !met;
          },
          seconds_left());
      TRY(std::move(failure));
      if (met) return object;
      if (!watched && watched.error().code != 410) return watched.error();
      Json list = TRY(objects_->list(item.mapping, item.ns, {.field_selector = selector, .chunk = 0}));
      const Json& found = json::array_or_empty(json::find(list, "items"));
      object = nullptr;
      if (!found.empty()) {
        object = found[0];  // objects of lists do not say what they are
        object["apiVersion"] = item.mapping.api_version();
        object["kind"] = item.mapping.kind;
      }
      revision = json::str(list, {"metadata", "resourceVersion"});
    }
  }

  Session& s_;
  std::vector<Condition> conditions_;
  SteadyClock::time_point deadline_;
  bool once_ = false;
  std::unique_ptr<ResultPrinter> printer_;
  Objects* objects_ = nullptr;
};

Result<int> run(Session& s) {
  std::vector<Condition> conditions;
  auto texts = s.flags.list("for");
  if (texts.empty()) return plain_error("unrecognized condition: []");
  for (auto& text : texts) conditions.push_back(TRY(Condition::parse(text)));
  return Wait(s, std::move(conditions)).run();
}

}  // namespace

constexpr Command kWait{
    .use = "wait ([-f FILENAME] | resource.group/resource.name | resource.group [(-l label | --all)]) "
           "[--for=create|--for=delete|--for condition=available|--for=jsonpath='{}'[=value]]",
    .brief = "Wait for a specific condition on one or many resources",
    .text = "Wait until objects exist, are gone, have a condition, or have a value at a path. Several --for are waited for one after the other.",
    .examples = "  # A deployment that is available\n  kubectl wait --for=condition=available deployment/web --timeout=60s\n\n"
                "  # A pod that is gone\n  kubectl wait --for=delete pod/web\n\n  # A value\n  kubectl wait --for=jsonpath='{.status.phase}'=Running pod/web\n",
    .flags = flags,
    .run = run,
    .complete = complete_resources,
};

}  // namespace skerry::kubectl
