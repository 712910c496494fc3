#include "base/similar.h"

#include <doctest/doctest.h>

using namespace skerry;

TEST_CASE("similar: letters in each other's place are one mistake or two") {
  CHECK(edit_distance("", "abc", Edits::kLetters) == 3);
  CHECK(edit_distance("kitten", "sitting", Edits::kLetters) == 3);
  CHECK(edit_distance("gte", "get", Edits::kLetters) == 2);
  CHECK(edit_distance("gte", "get", Edits::kLettersAndSwaps) == 1);
  CHECK(edit_distance("gets", "get", Edits::kLettersAndSwaps) == 1);
}

TEST_CASE("similar: only what is near is meant") {
  CHECK(did_you_mean("sevrer", {"agent", "server"}) == " (did you mean \"server\"?)");
  CHECK(did_you_mean("data-folder", {"data-dir", "token"}).empty());
  CHECK(did_you_mean("token", {"agent-token", "node-name"}) == " (did you mean \"agent-token\"?)");
}
