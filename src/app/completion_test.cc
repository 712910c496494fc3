#include "app/completion.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "app/command_table.h"

using namespace skerry;
using namespace skerry::app;

namespace {

std::vector<std::string> texts(const Suggestions& found) {
  std::vector<std::string> out;
  for (auto& w : found.words) out.push_back(w.text);
  return out;
}
bool has(const Suggestions& found, const std::string& text) {
  auto all = texts(found);
  return std::find(all.begin(), all.end(), text) != all.end();
}
using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("completion: commands, flags, words and values") {
  CHECK(texts(suggest({"ser"})) == Words{"server"});
  CHECK(has(suggest({""}), "killall"));
  CHECK_FALSE(has(suggest({""}), "__complete"));
  CHECK(has(suggest({}), "agent"));
  CHECK(texts(suggest({"server", "--https"})) == Words{"--https-listen-port"});
  CHECK(has(suggest({"server", "--"}), "--help"));
  CHECK(suggest({"server", "--h"}).words[0].help == "port of the API");
  CHECK(suggest({"agent", "--write"}).words.empty());  // the server's
  CHECK(texts(suggest({"images", ""})) == Words{"list", "import", "remove"});
  CHECK(texts(suggest({"images", "--data-dir", "/x", "--debug", "l"})) == Words{"list"});
  CHECK(texts(suggest({"server", "--service-proxy", "e"})) == Words{"ebpf"});
  CHECK(texts(suggest({"server", "--service-proxy=n"})) == Words{"--service-proxy=nftables"});
  CHECK(texts(suggest({"server", "--debug=f"})) == Words{"--debug=false"});
  CHECK(texts(suggest({"completion", ""})) == Words{"bash", "zsh", "fish"});
  CHECK(suggest({"nonsense", ""}).words.empty());
}

TEST_CASE("completion: names of files and directories where those fit") {
  auto config = suggest({"server", "--config", ""});
  CHECK(config.files);
  CHECK_FALSE(config.directories);
  CHECK(suggest({"server", "-d", ""}).directories);
  CHECK(suggest({"server", "--data-dir=/v"}).directories);
  CHECK(suggest({"images", "import", ""}).files);
  CHECK_FALSE(suggest({"images", "remove", ""}).files);
  CHECK_FALSE(suggest({"server", "--node-name", ""}).files);
}
