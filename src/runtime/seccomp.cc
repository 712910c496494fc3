#include "runtime/seccomp.h"

#include <algorithm>

#include "base/architecture.h"
#include "base/strings.h"
#include "os/files.h"

namespace skerry::runtime {

namespace {

// Allowed for everybody. Names a kernel or libseccomp does not know are skipped by crun.
constexpr std::string_view kAllowed =
    "accept accept4 access adjtimex alarm arch_prctl bind brk cachestat capget capset chdir chmod chown chown32 "
    "clock_adjtime clock_adjtime64 clock_getres clock_getres_time64 clock_gettime clock_gettime64 clock_nanosleep "
    "clock_nanosleep_time64 close close_range connect copy_file_range creat dup dup2 dup3 epoll_create epoll_create1 "
    "epoll_ctl epoll_ctl_old epoll_pwait epoll_pwait2 epoll_wait epoll_wait_old eventfd eventfd2 execve execveat exit "
    "exit_group faccessat faccessat2 fadvise64 fadvise64_64 fallocate fanotify_mark fchdir fchmod fchmodat fchmodat2 "
    "fchown fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr flistxattr flock fork fremovexattr fsetxattr fstat "
    "fstat64 fstatat64 fstatfs fstatfs64 fsync ftruncate ftruncate64 futex futex_requeue futex_time64 futex_wait "
    "futex_waitv futex_wake futimesat getcpu getcwd getdents getdents64 getegid getegid32 geteuid geteuid32 getgid "
    "getgid32 getgroups getgroups32 getitimer getpeername getpgid getpgrp getpid getppid getpriority getrandom "
    "getresgid getresgid32 getresuid getresuid32 getrlimit get_robust_list getrusage getsid getsockname getsockopt "
    "get_thread_area gettid gettimeofday getuid getuid32 getxattr inotify_add_watch inotify_init inotify_init1 "
    "inotify_rm_watch io_cancel ioctl io_destroy io_getevents io_pgetevents io_pgetevents_time64 ioprio_get ioprio_set "
    "io_setup io_submit ipc kill landlock_add_rule landlock_create_ruleset landlock_restrict_self lchown lchown32 "
    "lgetxattr link linkat listen listmount listxattr llistxattr _llseek lremovexattr lseek lsetxattr lstat lstat64 "
    "madvise map_shadow_stack membarrier memfd_create memfd_secret mincore mkdir mkdirat mknod mknodat mlock mlock2 "
    "mlockall mmap mmap2 mprotect mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64 mq_timedsend "
    "mq_timedsend_time64 mq_unlink mremap mseal msgctl msgget msgrcv msgsnd msync munlock munlockall munmap "
    "name_to_handle_at nanosleep newfstatat _newselect open openat openat2 pause pidfd_open pidfd_send_signal pipe "
    "pipe2 pkey_alloc pkey_free pkey_mprotect poll ppoll ppoll_time64 prctl pread64 preadv preadv2 prlimit64 "
    "process_mrelease pselect6 pselect6_time64 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv recv "
    "recvfrom recvmmsg recvmmsg_time64 recvmsg remap_file_pages removexattr rename renameat renameat2 restart_syscall "
    "rmdir rseq rt_sigaction rt_sigpending rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait "
    "rt_sigtimedwait_time64 rt_tgsigqueueinfo sched_getaffinity sched_getattr sched_getparam sched_get_priority_max "
    "sched_get_priority_min sched_getscheduler sched_rr_get_interval sched_rr_get_interval_time64 sched_setaffinity "
    "sched_setattr sched_setparam sched_setscheduler sched_yield seccomp select semctl semget semop semtimedop "
    "semtimedop_time64 send sendfile sendfile64 sendmmsg sendmsg sendto setfsgid setfsgid32 setfsuid setfsuid32 setgid "
    "setgid32 setgroups setgroups32 setitimer setpgid setpriority setregid setregid32 setresgid setresgid32 setresuid "
    "setresuid32 setreuid setreuid32 setrlimit set_robust_list setsid setsockopt set_thread_area set_tid_address setuid "
    "setuid32 setxattr shmat shmctl shmdt shmget shutdown sigaltstack signalfd signalfd4 sigprocmask sigreturn "
    "socketcall socketpair splice stat stat64 statfs statfs64 statmount statx symlink symlinkat sync sync_file_range "
    "syncfs sysinfo tee tgkill time timer_create timer_delete timer_getoverrun timer_gettime timer_gettime64 "
    "timer_settime timer_settime64 timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime timerfd_settime64 "
    "times tkill truncate truncate64 ugetrlimit umask uname unlink unlinkat uretprobe utime utimensat utimensat_time64 "
    "utimes vfork vmsplice wait4 waitid waitpid write writev "
    // Since Linux 4.8 ptrace() cannot get around a filter.
    "ptrace process_vm_readv process_vm_writev "
    // Of single architectures.
    "arm_fadvise64_64 arm_sync_file_range sync_file_range2 breakpoint cacheflush set_tls modify_ldt";

// Allowed to who holds the capability.
struct Conditional {
  std::string_view capability, calls;
};
constexpr Conditional kConditional[] = {
    {"CAP_DAC_READ_SEARCH", "open_by_handle_at"},
    {"CAP_SYS_ADMIN",
     "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick lookup_dcookie lsm_get_self_attr lsm_list_modules "
     "lsm_set_self_attr mount mount_setattr move_mount open_tree perf_event_open quotactl quotactl_fd setdomainname "
     "sethostname setns syslog umount umount2 unshare"},
    {"CAP_SYS_BOOT", "reboot"},
    {"CAP_SYS_CHROOT", "chroot"},
    {"CAP_SYS_MODULE", "delete_module init_module finit_module"},
    {"CAP_SYS_PACCT", "acct"},
    {"CAP_SYS_PTRACE", "kcmp pidfd_getfd process_madvise"},
    {"CAP_SYS_RAWIO", "iopl ioperm"},
    {"CAP_SYS_TIME", "settimeofday stime clock_settime clock_settime64"},
    {"CAP_SYS_TTY_CONFIG", "vhangup"},
    {"CAP_SYS_NICE", "get_mempolicy mbind set_mempolicy set_mempolicy_home_node"},
    {"CAP_SYSLOG", "syslog"},
    {"CAP_BPF", "bpf"},
    {"CAP_PERFMON", "perf_event_open"},
};

Json rule(Json names, Json args = Json::array(), std::string_view action = "SCMP_ACT_ALLOW") {
  Json out = {{"names", std::move(names)}, {"action", action}};
  if (!args.empty()) out["args"] = std::move(args);
  return out;
}

void append(Json& names, std::string_view calls) {
  for (std::string_view call : split(calls, ' '))
    if (!call.empty()) names.push_back(std::string(call));
}

Json argument(int index, uint64_t value, std::string_view op) { return {{"index", index}, {"value", value}, {"op", op}}; }

// CLONE_NEW* (all but time): not for processes without CAP_SYS_ADMIN.
constexpr uint64_t kNamespaceFlags = 0x7E020000;

Json default_profile(const std::vector<std::string>& capabilities) {
  auto has = [&](std::string_view name) { return std::find(capabilities.begin(), capabilities.end(), name) != capabilities.end(); };
  Json names = Json::array(), rules = Json::array();
  append(names, kAllowed);
  for (const Conditional& c : kConditional)
    if (has(c.capability)) append(names, c.calls);
  rules.push_back(rule(std::move(names)));
  // No AF_VSOCK (40): it would reach the hypervisor past every network policy.
  rules.push_back(rule({"socket"}, Json::array({argument(0, 40, "SCMP_CMP_NE")})));
  for (uint64_t personality : {0x0ull, 0x8ull, 0x20000ull, 0x20008ull, 0xffffffffull})
    rules.push_back(rule({"personality"}, Json::array({argument(0, personality, "SCMP_CMP_EQ")})));
  if (!has("CAP_SYS_ADMIN")) {
    Json mask = argument(0, kNamespaceFlags, "SCMP_CMP_MASKED_EQ");
    mask["valueTwo"] = 0;
    rules.push_back(rule({"clone"}, Json::array({mask})));
    // Its flags are behind a pointer; ENOSYS makes libc fall back to clone().
    Json refuse = rule({"clone3"}, Json::array(), "SCMP_ACT_ERRNO");
    refuse["errnoRet"] = 38;
    rules.push_back(refuse);
  }
  Json architectures = Json::array();
  if (kArchitecture == "amd64") architectures = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"};
  if (kArchitecture == "arm64") architectures = {"SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM"};
  if (kArchitecture == "arm") architectures = Json::array({"SCMP_ARCH_ARM"});
  return {{"defaultAction", "SCMP_ACT_ERRNO"}, {"defaultErrnoRet", 1}, {"architectures", architectures}, {"syscalls", rules}};
}

}  // namespace

Result<Json> seccomp_profile(const Seccomp& seccomp, const std::vector<std::string>& capabilities) {
  switch (seccomp.type) {
    case Seccomp::Type::kUnconfined:
      return Json(nullptr);
    case Seccomp::Type::kRuntimeDefault:
      return default_profile(capabilities);
    case Seccomp::Type::kLocalhost:
      break;
  }
  auto text = os::read_file(seccomp.localhost_path, 1 << 20);
  if (!text) return Error(Reason::kInvalid, "cannot load seccomp profile \"" + seccomp.localhost_path + "\": " + text.error().message);
  auto profile = json::parse_json(*text);
  if (!profile) return Error(Reason::kInvalid, "cannot load seccomp profile \"" + seccomp.localhost_path + "\": " + profile.error().message);
  if (!profile->is_object() || !profile->contains("defaultAction"))
    return Error(Reason::kInvalid, "cannot load seccomp profile \"" + seccomp.localhost_path + "\": no defaultAction");
  return profile;
}

}  // namespace skerry::runtime
