// What a test made and could not take down, because it was killed: folders, namespaces, pods.
//
// Every Lan and Machine has a folder /tmp/skerry-test-XXXXXX with a file "owner" that says whose it is. A janitor, a child
// process that outlives the test program, takes down what its dead parent left; every program also looks at its start.
#pragma once

#include <string>

namespace skerry::test {

// Makes such a folder; starts the janitor when called first. `instance` is empty for a Lan.
std::string claim_folder(const std::string& netns, const std::string& instance);

// Takes down everything whose owner is dead.
void sweep_leftovers();

}  // namespace skerry::test
