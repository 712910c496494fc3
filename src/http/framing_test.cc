#include <doctest/doctest.h>
#include <zlib.h>

#include "http/gzip.h"
#include "http/parser.h"
#include "http/spdy.h"
#include "http/websocket.h"

using namespace skerry;
using namespace skerry::http;

namespace {

std::string masked(WsOpcode opcode, bool final, std::string payload) {
  std::string frame = ws_frame(opcode, payload);
  if (!final) frame[0] = static_cast<char>(frame[0] & 0x7f);
  frame[1] = static_cast<char>(frame[1] | 0x80);
  size_t head = frame.size() - payload.size();
  std::string mask = "\x01\x02\x03\x04";
  for (size_t i = 0; i < payload.size(); i++) frame[head + i] = static_cast<char>(frame[head + i] ^ mask[i & 3]);
  return frame.insert(head, mask);
}

}  // namespace

TEST_CASE("websocket: the handshake key of RFC 6455") {
  CHECK(ws_accept_key("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_CASE("websocket: fragments are joined, control frames come between, sizes of all three kinds") {
  std::string log;
  auto on_message = [&](WsOpcode opcode, std::string_view payload) {
    log += std::to_string(static_cast<int>(opcode)) + ":" + (payload.size() > 20 ? std::to_string(payload.size()) : std::string(payload)) + " ";
  };
  std::string wire = masked(WsOpcode::kText, false, "ab") + masked(WsOpcode::kPing, true, "p") + masked(WsOpcode::kContinuation, true, "cd") +
                     masked(WsOpcode::kBinary, true, std::string(300, 'x')) + masked(WsOpcode::kBinary, true, std::string(70000, 'y')) +
                     masked(WsOpcode::kBinary, true, "");
  for (size_t step : {size_t{1}, size_t{7}, wire.size()}) {
    WsParser parser(1 << 20);
    log.clear();
    for (size_t at = 0; at < wire.size(); at += step) REQUIRE(parser.feed(std::string_view(wire).substr(at, step), on_message));
    CHECK(log == "9:p 1:abcd 2:300 2:70000 2: ");
  }
  WsParser small(100), unmasked, nothing;
  CHECK(small.feed(masked(WsOpcode::kBinary, true, std::string(101, 'x')), on_message).error().code == 1009);
  CHECK(unmasked.feed(ws_frame(WsOpcode::kText, "x"), on_message).error().code == 1002);
  CHECK(nothing.feed(masked(WsOpcode::kContinuation, true, "x"), on_message).error().code == 1002);
}

TEST_CASE("spdy: the dictionary is SPDY/3's, header blocks come back in order") {
  auto dictionary = spdy_dictionary();
  CHECK(adler32(adler32(0, nullptr, 0), reinterpret_cast<const Bytef*>(dictionary.data()), static_cast<uInt>(dictionary.size())) == 0xe3c6a7c2u);
  SpdyDeflater out;
  SpdyInflater in;
  for (int i = 0; i < 3; i++) {
    auto back = in.block(out.block({{"streamType", "error"}, {"port", std::to_string(i)}}));
    REQUIRE(back);
    CHECK(back->get("streamtype") == "error");
    CHECK(back->get("port") == std::to_string(i));
  }
  CHECK(!in.block("garbage"));
}

TEST_CASE("spdy: frames cut anywhere") {
  std::string wire = spdy_control_frame(SpdyType::kPing, 0, std::string("\0\0\0\1", 4)) + spdy_data_frame(5, 0, "hello") + spdy_data_frame(5, kSpdyFin, "");
  for (size_t step : {size_t{1}, size_t{3}, wire.size()}) {
    std::string log;
    SpdyParser parser;
    SpdyParser::Callbacks callbacks{[&](SpdyType type, uint8_t, std::string_view payload) { log += "c" + std::to_string(int(type)) + ":" + std::to_string(payload.size()) + " "; },
                                    [&](uint32_t, std::string_view data, bool last) { log += std::string(data) + (last ? "." : ""); }};
    for (size_t at = 0; at < wire.size(); at += step) REQUIRE(parser.feed(std::string_view(wire).substr(at, step), callbacks));
    CHECK(log == "c6:4 hello.");
  }
  SpdyParser parser;
  CHECK(!parser.feed(std::string("\x80\x02\x00\x01\x00\x00\x00\x00", 8), {}));
}

TEST_CASE("gzip: there and back, bounded") {
  std::vector<Bytes> parts{make_bytes(std::string(200000, 'a')), make_bytes("b")};
  std::string packed = gzip(parts);
  CHECK(packed.size() < 2000);
  CHECK(gunzip(packed, 1 << 20).value() == std::string(200000, 'a') + "b");
  CHECK(gunzip(packed, 1000).error().is(Reason::kRequestEntityTooLarge));
  CHECK(gunzip("nonsense", 1000).error().is(Reason::kBadRequest));
}

TEST_CASE("query: order, repeats, plus and percent") {
  Query query("command=sh&command=-c&command=a%20b+c&tty=true&flag");
  CHECK(query.all("command") == std::vector<std::string>{"sh", "-c", "a b c"});
  CHECK(query.get("tty") == "true");
  CHECK(query.has("flag"));
  CHECK(query.get("none", "x") == "x");
}
