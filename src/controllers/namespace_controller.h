// NamespaceController: empties a namespace that is being deleted, then lets it go (its finalizer "kubernetes").
//
// Pods go first, so that they end while what they use (Secrets, ConfigMaps, ...) is still there.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controllers/part.h"

namespace skerry::controllers {

// What is left in a namespace, and what went wrong; becomes the namespace's conditions.
struct NamespaceContent {
  std::map<std::string, int64_t> remaining;   // "pods." -> how many
  std::map<std::string, int64_t> finalizers;  // "example.com/x" -> on how many objects
  std::vector<std::string> failures;          // messages of deletions that failed
  bool empty() const { return remaining.empty() && failures.empty(); }
};
// Sets the five deletion conditions. True if anything but a time changed.
bool set_deletion_conditions(Json& status, const NamespaceContent& content, const std::string& now);

class NamespaceController final : public Part {
 public:
  explicit NamespaceController(Context& context);
  Result<Outcome> reconcile(const Key& key) override;

 private:
  // Deletes one kind's objects and counts what stays.
  void empty_collection(const api::Resource& resource, const std::string& ns, NamespaceContent& content);
};

}  // namespace skerry::controllers
