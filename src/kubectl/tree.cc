// The tree of commands: what there is, under the headings of `kubectl --help`.
#include "kubectl/config/commands.h"
#include "kubectl/describe/describe.h"
#include "kubectl/globals.h"
#include "kubectl/plugin.h"
#include "kubectl/read/commands.h"
#include "kubectl/streaming/commands.h"

namespace skerry::kubectl {

namespace {

constexpr const Command* kBasic[] = {&kGet};
constexpr const Command* kTroubleshooting[] = {
    &kDescribe,
    &kAttach,
    &kExec,
};
constexpr const Command* kSettings[] = {&kConfig};
constexpr const Command* kOther[] = {&kPlugin, &kVersion};

constexpr CommandGroup kGroups[] = {
    {"Basic Commands:", kBasic},
    {"Troubleshooting and Debugging Commands:", kTroubleshooting},
    {"Settings Commands:", kSettings},
    {"Other Commands:", kOther},
};

}  // namespace

std::span<const CommandGroup> command_groups() { return kGroups; }

}  // namespace skerry::kubectl
