// The tree of commands: what there is, under the headings of `kubectl --help`.
#include "kubectl/change/commands.h"
#include "kubectl/config/commands.h"
#include "kubectl/describe/describe.h"
#include "kubectl/globals.h"
#include "kubectl/nodes/commands.h"
#include "kubectl/plugin.h"
#include "kubectl/read/commands.h"
#include "kubectl/streaming/commands.h"

namespace skerry::kubectl {

namespace {

constexpr const Command* kBeginner[] = {&kCreate, &kRun};
constexpr const Command* kIntermediate[] = {&kGet, &kEdit, &kDelete};
constexpr const Command* kTroubleshooting[] = {
    &kDescribe,
    &kAttach,
    &kCp,
    &kDebug,
    &kExec,
    &kLogs,
    &kPortForward,
    &kProxy,
};
constexpr const Command* kCluster[] = {&kCordon, &kUncordon, &kDrain, &kTaint};
constexpr const Command* kAdvanced[] = {&kDiff, &kApply, &kPatch, &kReplace, &kKustomize};
constexpr const Command* kSettings[] = {&kLabel, &kAnnotate};
constexpr const Command* kOther[] = {&kConfig, &kPlugin, &kVersion};

constexpr CommandGroup kGroups[] = {
    {"Basic Commands (Beginner):", kBeginner},
    {"Basic Commands (Intermediate):", kIntermediate},
    {"Cluster Management Commands:", kCluster},
    {"Troubleshooting and Debugging Commands:", kTroubleshooting},
    {"Advanced Commands:", kAdvanced},
    {"Settings Commands:", kSettings},
    {"Other Commands:", kOther},
};

}  // namespace

std::span<const CommandGroup> command_groups() { return kGroups; }

}  // namespace skerry::kubectl
