// The tree of commands: what there is, under the headings of `kubectl --help`.
#include "kubectl/certificate/certificate.h"
#include "kubectl/change/commands.h"
#include "kubectl/config/commands.h"
#include "kubectl/describe/describe.h"
#include "kubectl/globals.h"
#include "kubectl/nodes/commands.h"
#include "kubectl/plugin.h"
#include "kubectl/read/commands.h"
#include "kubectl/streaming/commands.h"
#include "kubectl/wait/wait.h"
#include "kubectl/workloads/commands.h"

namespace skerry::kubectl {

namespace {

// One command a line, in the order of `kubectl --help`.
constexpr const Command* kBeginner[] = {
    &kCreate,
    &kExpose,
    &kRun,
    &kSet,
};
constexpr const Command* kIntermediate[] = {
    &kExplain,
    &kGet,
    &kEdit,
    &kDelete,
};
constexpr const Command* kDeploy[] = {
    &kRollout,
    &kScale,
    &kAutoscale,
};
constexpr const Command* kCluster[] = {
    &kCertificate,
    &kClusterInfo,
    &kTop,
    &kCordon,
    &kUncordon,
    &kDrain,
    &kTaint,
};
constexpr const Command* kTroubleshooting[] = {
    &kDescribe,
    &kLogs,
    &kAttach,
    &kExec,
    &kPortForward,
    &kProxy,
    &kCp,
    &kAuth,
    &kDebug,
    &kEvents,
};
constexpr const Command* kAdvanced[] = {
    &kDiff,
    &kApply,
    &kPatch,
    &kReplace,
    &kWait,
    &kKustomize,
};
constexpr const Command* kSettings[] = {
    &kLabel,
    &kAnnotate,
    &kCompletion,
};
constexpr const Command* kOther[] = {
    &kApiResources,
    &kApiVersions,
    &kConfig,
    &kPlugin,
    &kVersion,
    &kOptions,
    &kAlpha,
};

constexpr CommandGroup kGroups[] = {
    {"Basic Commands (Beginner):", kBeginner},
    {"Basic Commands (Intermediate):", kIntermediate},
    {"Deploy Commands:", kDeploy},
    {"Cluster Management Commands:", kCluster},
    {"Troubleshooting and Debugging Commands:", kTroubleshooting},
    {"Advanced Commands:", kAdvanced},
    {"Settings Commands:", kSettings},
    {"Other Commands:", kOther},
};

}  // namespace

std::span<const CommandGroup> command_groups() { return kGroups; }

}  // namespace skerry::kubectl
