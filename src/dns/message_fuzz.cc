#include "dns/message.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view packet(reinterpret_cast<const char*>(data), size);
  auto parsed = skerry::dns::parse_query(packet);
  if (parsed) {
    skerry::dns::Answer a;
    a.answers.push_back(skerry::dns::a_record(parsed->query.question.name, "10.0.0.1", 5));
    std::string out = skerry::dns::write_answer(parsed->query, a, 512);
    if (out.size() > 512 + 271) __builtin_trap();
  }
  if (auto response = skerry::dns::parse_response(packet))
    for (auto& r : response->answers)
      if (r.data.empty() || r.data.size() > 255) __builtin_trap();
  return 0;
}
