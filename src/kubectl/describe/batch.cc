// Job, CronJob.
#include "api/table.h"
#include "kubectl/describe/events.h"
#include "kubectl/describe/format.h"
#include "kubectl/describe/kinds.h"
#include "kubectl/describe/pod_parts.h"

namespace skerry::kubectl {
namespace {

// A long list of indexes ends after the first comma behind 50 characters.
std::string indexes_text(const std::string& indexes) {
  if (indexes.empty()) return "<none>";
  size_t comma = indexes.size() < 50 ? std::string::npos : indexes.find(',', 50);
  return comma == std::string::npos ? indexes : indexes.substr(0, comma + 1) + "...";
}

void put_times(const Subject& subject, Writer& w) {
  const Json& start = json::find(subject.status(), "startTime");
  const Json& end = json::find(subject.status(), "completionTime");
  if (!start.is_null()) w.field(0, "Start Time", time_text(start));
  if (!end.is_null()) w.field(0, "Completed At", time_text(end));
  auto from = start.is_string() ? parse_rfc3339(start.get<std::string>()) : std::nullopt;
  auto to = end.is_string() ? parse_rfc3339(end.get<std::string>()) : std::nullopt;
  if (from && to) w.field(0, "Duration", api::human_duration(*to - *from));
}

void put_statuses(const Subject& subject, Writer& w) {
  const Json& status = subject.status();
  std::string ready = has(status, "ready") ? detail::joined(" (", json::integer(status, "ready"), " Ready)") : "";
  w.field(0, "Pods Statuses", json::integer(status, "active"), " Active", ready, " / ",
          json::integer(status, "succeeded"), " Succeeded / ", json::integer(status, "failed"), " Failed");
}

void put_job_template(Writer& w, const Json& spec) {
  w.field(0, "Selector", has(spec, "selector") ? selector_text(json::find(spec, "selector")) : "<unset>");
  w.field(0, "Parallelism", or_unset(spec, "parallelism"));
  w.field(0, "Completions", or_unset(spec, "completions"));
  if (has(spec, "activeDeadlineSeconds"))
    w.field(0, "Active Deadline Seconds", or_unset(spec, "activeDeadlineSeconds"), "s");
  put_pod_template(w, json::find(spec, "template"));
}

}  // namespace

Status describe_job(const Subject& subject, Writer& w) {
  const Json& spec = subject.spec();
  put_name(w, subject.object, true);
  w.field(0, "Selector", selector_text(json::find(spec, "selector")));
  put_labels(w, "Labels", json::find(subject.object, {"metadata", "labels"}));
  put_annotations(w, "Annotations", json::find(subject.object, {"metadata", "annotations"}));
  if (std::string owner = controller_text(subject.object); !owner.empty()) w.field(0, "Controlled By", owner);
  if (has(spec, "parallelism")) w.field(0, "Parallelism", or_unset(spec, "parallelism"));
  w.field(0, "Completions", or_unset(spec, "completions"));
  if (has(spec, "completionMode")) w.field(0, "Completion Mode", or_unset(spec, "completionMode"));
  if (has(spec, "suspend")) w.field(0, "Suspend", or_unset(spec, "suspend"));
  if (has(spec, "backoffLimit")) w.field(0, "Backoff Limit", or_unset(spec, "backoffLimit"));
  if (has(spec, "ttlSecondsAfterFinished"))
    w.field(0, "TTL Seconds After Finished", or_unset(spec, "ttlSecondsAfterFinished"));
  put_times(subject, w);
  if (has(spec, "activeDeadlineSeconds"))
    w.field(0, "Active Deadline Seconds", or_unset(spec, "activeDeadlineSeconds"), "s");
  put_statuses(subject, w);
  if (json::str(spec, "completionMode") == "Indexed")
    w.field(0, "Completed Indexes", indexes_text(json::str(subject.status(), "completedIndexes")));
  put_pod_template(w, json::find(spec, "template"));
  put_events_of(subject, w);
  return {};
}

Status describe_cron_job(const Subject& subject, Writer& w) {
  const Json& spec = subject.spec();
  put_metadata(w, subject.object, true);
  w.field(0, "Schedule", json::str(spec, "schedule"));
  w.field(0, "Concurrency Policy", json::str(spec, "concurrencyPolicy"));
  w.field(0, "Suspend", true_false_or_unset(json::find(spec, "suspend")));
  w.field(0, "Time Zone", or_unset(spec, "timeZone"));
  w.field(0, "Successful Job History Limit", or_unset(spec, "successfulJobsHistoryLimit"));
  w.field(0, "Failed Job History Limit", or_unset(spec, "failedJobsHistoryLimit"));
  w.field(0, "Starting Deadline Seconds", or_unset(spec, "startingDeadlineSeconds"),
          has(spec, "startingDeadlineSeconds") ? "s" : "");
  put_job_template(w, json::find(spec, {"jobTemplate", "spec"}));
  const Json& last = json::find(subject.status(), "lastScheduleTime");
  w.field(0, "Last Schedule Time", last.is_null() ? "<unset>" : time_text(last));
  std::string active;
  for (const Json& job : json::array_or_empty(json::find(subject.status(), "active")))
    active += (active.empty() ? "" : ", ") + json::str(job, "name");
  w.field(0, "Active Jobs", or_none(active));
  put_events_of(subject, w);
  return {};
}

}  // namespace skerry::kubectl
