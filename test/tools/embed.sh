#!/bin/sh
# Turns a file into bytes of the executable: the assembler stub and the header that gives access to it.
#   embed.sh asm NAME FILE | embed.sh header NAME
set -e
case $1 in
asm)
  cat <<END
    .section .rodata.skerry_blob_$2,"a",%progbits
    .balign 16
    .global skerry_blob_$2
    .global skerry_blob_$2_end
skerry_blob_$2:
    .incbin "$3"
skerry_blob_$2_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
END
  ;;
header)
  cat <<END
// Generated: bytes embedded in the executable. A zero byte follows them.
#pragma once
#include <cstddef>
#include <string_view>

extern "C" const char skerry_blob_$2[];
extern "C" const char skerry_blob_$2_end[];

namespace skerry::embedded {
inline std::string_view $2() {
  return {skerry_blob_$2, static_cast<std::size_t>(skerry_blob_$2_end - skerry_blob_$2)};
}
}  // namespace skerry::embedded
END
  ;;
*) echo "usage: $0 asm NAME FILE | header NAME" >&2; exit 2 ;;
esac
