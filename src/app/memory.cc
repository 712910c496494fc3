#include "app/memory.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>

namespace skerry::app {

void tune_allocator() {
  mallopt(M_ARENA_MAX, 2);
  mallopt(M_TRIM_THRESHOLD, 128 * 1024);
  mallopt(M_MMAP_THRESHOLD, 256 * 1024);
}

void give_back_memory() {
  malloc_trim(0);
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t, void*) {
        const uintptr_t page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& p = info->dlpi_phdr[i];
          if (p.p_type != PT_LOAD || (p.p_flags & PF_W) != 0) continue;  // read-only: nothing can get lost
          uintptr_t begin = (info->dlpi_addr + p.p_vaddr + page - 1) & ~(page - 1);
          uintptr_t end = (info->dlpi_addr + p.p_vaddr + p.p_memsz) & ~(page - 1);
          if (end > begin) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
        }
        return 0;
      },
      nullptr);
}

}  // namespace skerry::app
