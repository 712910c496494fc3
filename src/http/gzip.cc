#include "http/gzip.h"

#include <zlib.h>

#include <cassert>

namespace skerry::http {
namespace {

constexpr int kGzipWindow = 15 + 16;  // zlib: 16 more asks for gzip's frame
constexpr size_t kStep = 64 << 10;

Bytef* in_bytes(std::string_view bytes) { return reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())); }

}  // namespace

std::string gzip(std::span<const Bytes> parts, int level) {
  z_stream z{};
  [[maybe_unused]] int ok = deflateInit2(&z, level, Z_DEFLATED, kGzipWindow, 8, Z_DEFAULT_STRATEGY);
  assert(ok == Z_OK);
  std::string out;
  auto run = [&](int flush) {
    int result;
    do {
      size_t old = out.size();
      out.resize(old + kStep);
      z.next_out = reinterpret_cast<Bytef*>(out.data() + old);
      z.avail_out = kStep;
      result = deflate(&z, flush);
      out.resize(out.size() - z.avail_out);
    } while (z.avail_in > 0 || (flush == Z_FINISH && result != Z_STREAM_END));
  };
  for (const Bytes& part : parts) {
    z.next_in = in_bytes(*part);
    z.avail_in = static_cast<uInt>(part->size());
    if (!part->empty()) run(Z_NO_FLUSH);
  }
  run(Z_FINISH);
  deflateEnd(&z);
  return out;
}

Result<std::string> gunzip(std::string_view bytes, size_t max_bytes) {
  z_stream z{};
  if (inflateInit2(&z, kGzipWindow) != Z_OK) return internal_error("zlib: out of memory");
  std::string out;
  z.next_in = in_bytes(bytes);
  z.avail_in = static_cast<uInt>(bytes.size());
  int result = Z_OK;
  while (result == Z_OK && out.size() <= max_bytes) {
    size_t old = out.size();
    out.resize(old + kStep);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + old);
    z.avail_out = kStep;
    result = inflate(&z, Z_NO_FLUSH);
    out.resize(out.size() - z.avail_out);
  }
  inflateEnd(&z);
  if (out.size() > max_bytes) return Error(Reason::kRequestEntityTooLarge, "request body too large after decompression");
  if (result != Z_STREAM_END) return Error(Reason::kBadRequest, "malformed gzip body");
  return out;
}

}  // namespace skerry::http
