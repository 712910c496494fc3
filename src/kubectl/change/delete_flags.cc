#include "kubectl/change/delete_flags.h"

namespace skerry::kubectl {

std::vector<Flag> delete_flags(std::string_view wait_default) {
  using enum FlagType;
  return {
      {"cascade", 0, kString, "background",
       "Must be \"background\", \"orphan\", or \"foreground\". Selects the deletion cascading strategy for the dependents (e.g. Pods created by a "
       "ReplicationController). Defaults to background.",
       "background"},
      {"force", 0, kBool, "false",
       "If true, immediately remove resources from API and bypass graceful deletion. Note that immediate deletion of some resources may result in "
       "inconsistency or data loss and requires confirmation."},
      {"grace-period", 0, kInt, "-1",
       "Period of time in seconds given to the resource to terminate gracefully. Ignored if negative. Set to 1 for immediate shutdown. Can only be set "
       "to 0 when --force is true (force deletion)."},
      {"timeout", 0, kDuration, "0s",
       "The length of time to wait before giving up on a delete, zero means determine a timeout from the size of the object"},
      {"wait", 0, kBool, wait_default, "If true, wait for resources to be gone before returning. This waits for finalizers."},
  };
}

Result<Json> delete_options_of(Session& s) {
  Json options = Json::object();
  std::string cascade = s.flags.text("cascade");
  if (cascade == "true") {
    s.err << "warning: --cascade=true is deprecated (boolean value) and can be replaced with --cascade=background.\n";
    cascade = "background";
  } else if (cascade == "false") {
    s.err << "warning: --cascade=false is deprecated (boolean value) and can be replaced with --cascade=orphan.\n";
    cascade = "orphan";
  }
  if (cascade == "background") options["propagationPolicy"] = "Background";
  else if (cascade == "orphan") options["propagationPolicy"] = "Orphan";
  else if (cascade == "foreground") options["propagationPolicy"] = "Foreground";
  else return plain_error("invalid cascade value (" + cascade + "). Must be \"background\", \"foreground\", or \"orphan\"");
  int64_t grace = s.flags.number("grace-period");
  bool force = s.flags.boolean("force"), now = s.flags.has("now") && s.flags.boolean("now");
  if (now) {
    if (s.flags.changed("grace-period")) return plain_error("--now and --grace-period cannot be specified together");
    grace = 1;
  }
  if (force && grace < 0) grace = 0;
  // Only --force asks for the end of a pod without the node's word.
  if (grace == 0 && !force) grace = 1;
  if (grace >= 0) options["gracePeriodSeconds"] = grace;
  return options;
}

}  // namespace skerry::kubectl
