#include "runtime/capabilities.h"

#include <array>
#include <string_view>

#include "base/strings.h"

namespace skerry::runtime {

namespace {

// In the order of the kernel's numbers.
constexpr std::array<std::string_view, 41> kNames = {
    "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "LINUX_IMMUTABLE",
    "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER", "SYS_MODULE", "SYS_RAWIO",
    "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE", "SYS_RESOURCE", "SYS_TIME",
    "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP", "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG",
    "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF", "CHECKPOINT_RESTORE"};

constexpr uint64_t bit(unsigned n) { return 1ull << n; }
constexpr uint64_t kAll = bit(kNames.size()) - 1;
constexpr uint64_t kDefault = bit(0) | bit(1) | bit(3) | bit(4) | bit(5) | bit(6) | bit(7) | bit(8) | bit(10) | bit(13) | bit(18) |
                              bit(27) | bit(29) | bit(31);

Result<uint64_t> mask(const std::vector<std::string>& names) {
  uint64_t out = 0;
  for (const std::string& given : names) {
    std::string name;
    for (char c : given) name += static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c);
    if (starts_with(name, "CAP_")) name = name.substr(4);
    if (name == "ALL") {
      out |= kAll;
      continue;
    }
    uint64_t found = 0;
    for (size_t i = 0; i < kNames.size(); ++i)
      if (kNames[i] == name) found = bit(static_cast<unsigned>(i));
    if (!found) return Error(Reason::kInvalid, "unknown capability \"" + given + "\"");
    out |= found;
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> capability_set(const std::vector<std::string>& add, const std::vector<std::string>& drop,
                                                bool privileged, uint64_t available) {
  uint64_t added = TRY(mask(add)), dropped = TRY(mask(drop));
  bool drop_all = (dropped & kAll) == kAll;
  // "ALL" on one side is the base that the other side's names change.
  uint64_t set = drop_all ? added : ((privileged ? kAll : kDefault) | added) & ~dropped;
  if (privileged) set = kAll;
  set &= available;
  std::vector<std::string> out;
  for (size_t i = 0; i < kNames.size(); ++i)
    if (set & bit(static_cast<unsigned>(i))) out.push_back("CAP_" + std::string(kNames[i]));
  return out;
}

}  // namespace skerry::runtime
