#include "os/device_filter.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>

#include "base/strings.h"
#include "os/fd.h"

namespace skerry::os {

namespace {

bpf_insn insn(uint8_t code, uint8_t dst, uint8_t src, int16_t off, int32_t imm) {
  bpf_insn i{};
  i.code = code;
  i.dst_reg = dst;
  i.src_reg = src;
  i.off = off;
  i.imm = imm;
  return i;
}

bpf_insn jump_if_not_equal(uint8_t reg, int32_t value, int16_t skip) {
  return insn(BPF_JMP | BPF_JNE | BPF_K, reg, 0, skip, value);
}

// r2: type, r3: access, r4: major, r5: minor. Falls through when the rule does not allow.
bool add_rule(std::vector<bpf_insn>& program, std::string_view rule) {
  std::vector<std::string_view> parts = split(rule, ' ');
  if (parts.size() != 3 || parts[0].size() != 1) return false;
  std::vector<std::string_view> numbers = split(parts[1], ':');
  if (numbers.size() != 2) return false;
  std::vector<bpf_insn> tests;
  if (parts[0] == "c") tests.push_back(jump_if_not_equal(2, BPF_DEVCG_DEV_CHAR, 0));
  if (parts[0] == "b") tests.push_back(jump_if_not_equal(2, BPF_DEVCG_DEV_BLOCK, 0));
  for (int i = 0; i < 2; ++i) {
    if (numbers[i] == "*") continue;
    auto n = parse_int(numbers[i]);
    if (!n) return false;
    tests.push_back(jump_if_not_equal(i == 0 ? 4 : 5, static_cast<int32_t>(*n), 0));
  }
  int access = 0;
  for (char c : parts[2]) access |= c == 'r' ? BPF_DEVCG_ACC_READ : c == 'w' ? BPF_DEVCG_ACC_WRITE : c == 'm' ? BPF_DEVCG_ACC_MKNOD : 0;
  // Any bit asked for beyond `access` refuses: r1 = r3 & ~access; if r1 != 0 skip.
  tests.push_back(insn(BPF_ALU64 | BPF_MOV | BPF_X, 1, 3, 0, 0));
  tests.push_back(insn(BPF_ALU64 | BPF_AND | BPF_K, 1, 0, 0, ~access & 7));
  tests.push_back(jump_if_not_equal(1, 0, 0));
  size_t length = tests.size() + 2;  // then: r0 = 1; exit
  for (size_t i = 0; i < tests.size(); ++i)
    if (tests[i].code == (BPF_JMP | BPF_JNE | BPF_K)) tests[i].off = static_cast<int16_t>(length - i - 1);
  program.insert(program.end(), tests.begin(), tests.end());
  program.push_back(insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 1));
  program.push_back(insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));
  return true;
}

}  // namespace

Status attach_device_filter(const std::string& cgroup_directory, const std::vector<std::string>& rules) {
  std::vector<bpf_insn> program;
  // struct bpf_cgroup_dev_ctx { u32 access_type (access << 16 | type), major, minor; }
  program.push_back(insn(BPF_LDX | BPF_MEM | BPF_W, 2, 1, 0, 0));
  program.push_back(insn(BPF_ALU64 | BPF_MOV | BPF_X, 3, 2, 0, 0));
  program.push_back(insn(BPF_ALU64 | BPF_AND | BPF_K, 2, 0, 0, 0xffff));
  program.push_back(insn(BPF_ALU64 | BPF_RSH | BPF_K, 3, 0, 0, 16));
  program.push_back(insn(BPF_LDX | BPF_MEM | BPF_W, 4, 1, 4, 0));
  program.push_back(insn(BPF_LDX | BPF_MEM | BPF_W, 5, 1, 8, 0));
  for (const std::string& rule : rules) {
    if (trim(rule) == "a") return {};
    if (!add_rule(program, rule)) return Error(Reason::kInvalid, "malformed device rule \"" + rule + "\"");
  }
  program.push_back(insn(BPF_ALU64 | BPF_MOV | BPF_K, 0, 0, 0, 0));
  program.push_back(insn(BPF_JMP | BPF_EXIT, 0, 0, 0, 0));

  bpf_attr load{};
  load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
  load.insns = reinterpret_cast<uintptr_t>(program.data());
  load.insn_cnt = static_cast<uint32_t>(program.size());
  load.license = reinterpret_cast<uintptr_t>("Apache-2.0");
  Fd loaded(static_cast<int>(syscall(SYS_bpf, BPF_PROG_LOAD, &load, sizeof load)));
  if (!loaded) return errno_error("load the device filter", errno);
  Fd group(open(cgroup_directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!group) return errno_error("open " + cgroup_directory, errno);
  bpf_attr attach{};
  attach.target_fd = static_cast<uint32_t>(group.get());
  attach.attach_bpf_fd = static_cast<uint32_t>(loaded.get());
  attach.attach_type = BPF_CGROUP_DEVICE;
  attach.attach_flags = BPF_F_ALLOW_MULTI;
  if (syscall(SYS_bpf, BPF_PROG_ATTACH, &attach, sizeof attach) != 0)
    return errno_error("attach the device filter to " + cgroup_directory, errno);
  return {};
}

}  // namespace skerry::os
