#include "kubectl/change/apply_server_side.h"

#include <set>

#include "kubectl/change/last_applied.h"

namespace skerry::kubectl {

namespace {

constexpr int kMigrationTries = 5;  // while others write the object

const Json& managed_fields(const Json& object) { return json::array_or_empty(json::find(object, {"metadata", "managedFields"})); }

bool is(const Json& entry, std::string_view operation) { return json::str(entry, "operation") == operation; }

bool owns_last_applied(const Json& entry) {
  return !json::find(entry, {"fieldsV1", "f:metadata", "f:annotations", "f:" + std::string(kLastApplied)}).is_null();
}

// The union of two sets of fields.
void add_fields(Json& to, const Json& from) {
  if (!from.is_object()) return;
  if (!to.is_object()) to = Json::object();
  for (auto& [name, children] : from.items()) {
    if (!to.contains(name)) to[name] = children;
    else add_fields(to[name], children);
  }
}

class ServerSideApply {
 public:
  ServerSideApply(Session& s, Objects& objects, const Item& item, const WriteOptions& write, bool force)
      : s_(s), objects_(objects), item_(item), write_(write), force_(force) {}

  Result<Json> run() {
    Json wanted = item_.object;
    if (wanted.contains("metadata") && wanted["metadata"].is_object()) wanted["metadata"].erase("managedFields");
    const std::string patch = json::dump(wanted);
    auto answer = apply(patch);
    if (!answer) return refused(answer.error());
    object_ = std::move(*answer);
    if (auto kept = keep_annotation(); !kept) {
      s_.warn("failed to migrate " + std::string(kLastApplied) + " annotation for Server-Side Apply. " + kNotFatal + kept.error().message);
      return object_;
    }
    auto migrated = migrate();
    if (!migrated) {
      s_.warn("server rejected managed fields migration to Server-Side Apply. " + kNotFatal + migrated.error().message);
    } else if (*migrated) {
      // Now fields that the last client-side apply had and this one has not can go.
      auto again = apply(patch);
      if (again) object_ = std::move(*again);
      else s_.warn("failed to re-apply configuration after performing Server-Side Apply migration. " + kNotFatal + again.error().message);
    }
    return object_;
  }

 private:
  inline static const std::string kNotFatal = "This is non-fatal and will be retried next time you apply. Error: ";

  Result<Json> apply(const std::string& patch) {
    return objects_.patch(item_.mapping, item_.ns, item_.name, PatchKind::kApply, patch, write_, force_);
  }

  static Error refused(const Error& e) {
    if (e.code == 415) return plain_error("Server-side apply not available on the server: (" + e.message + ")");
    if (!e.is(Reason::kConflict)) return e;
    return plain_error(e.message +
                       "\nPlease review the fields above--they currently have other managers. Here\n"
                       "are the ways you can resolve this warning:\n"
                       "* If you intend to manage all of these fields, please re-run the apply\n"
                       "  command with the `--force-conflicts` flag.\n"
                       "* If you do not intend to manage all of the fields, please edit your\n"
                       "  manifest to remove references to the fields that should keep their\n"
                       "  current managers.\n"
                       "* You may co-own fields by updating your manifest to match the existing\n"
                       "  value; in this case, you'll become the manager if the other manager(s)\n"
                       "  stop managing the field (remove it from their configuration).\n"
                       "See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts");
  }

  // The annotation gets a manager of its own, or the server would drop it with the client-side entries.
  Status keep_annotation() {
    if (write_.field_manager != kServerSideManager || !has_last_applied(object_)) return {};
    for (auto& entry : managed_fields(object_))
      if (is(entry, "Apply") && owns_last_applied(entry)) return {};
    const Json& annotation = json::find(object_, {"metadata", "annotations", kLastApplied});
    Json metadata = {{"name", item_.name}, {"annotations", {{std::string(kLastApplied), annotation}}}};
    if (item_.mapping.namespaced) metadata["namespace"] = item_.ns;
    Json only = {{"apiVersion", item_.mapping.api_version()}, {"kind", item_.mapping.kind}, {"metadata", metadata}};
    WriteOptions write = write_;
    write.field_manager = "kubectl-last-applied";
    object_ = TRY(objects_.patch(item_.mapping, item_.ns, item_.name, PatchKind::kApply, json::dump(only), write, false));
    return {};
  }

  Result<bool> migrate() {
    Error last;
    for (int i = 0; i < kMigrationTries; ++i) {
      Json fields = migrated_managed_fields(object_, write_.field_manager);
      if (fields.is_null()) return false;
      Json patch = Json::array();
      patch.push_back({{"op", "replace"}, {"path", "/metadata/managedFields"}, {"value", fields}});
      // Refused if somebody wrote the object meanwhile.
      patch.push_back({{"op", "replace"}, {"path", "/metadata/resourceVersion"}, {"value", json::find(object_, {"metadata", "resourceVersion"})}});
      auto answer = objects_.patch(item_.mapping, item_.ns, item_.name, PatchKind::kJson, json::dump(patch), write_);
      if (answer) {
        object_ = std::move(*answer);
        return true;
      }
      last = answer.error();
      if (!last.is(Reason::kConflict)) return last;
      object_ = TRY(objects_.get(item_.mapping, item_.ns, item_.name));
    }
    return last;
  }

  Session& s_;
  Objects& objects_;
  const Item& item_;
  const WriteOptions& write_;
  const bool force_;
  Json object_;
};

}  // namespace

Json migrated_managed_fields(const Json& object, std::string_view manager) {
  std::set<std::string> client_side;
  for (auto& entry : managed_fields(object))
    if (is(entry, "Update") && owns_last_applied(entry)) client_side.insert(json::str(entry, "manager"));
  const auto migrates = [&](const Json& entry) {
    return is(entry, "Update") && json::str(entry, "subresource").empty() && client_side.contains(json::str(entry, "manager"));
  };
  Json out = Json::array(), moving = Json::array();
  Json* target = nullptr;
  for (auto& entry : managed_fields(object)) {
    if (migrates(entry)) {
      moving.push_back(entry);
      continue;
    }
    out.push_back(entry);
  }
  if (moving.empty()) return nullptr;
  for (auto& entry : out)
    if (is(entry, "Apply") && json::str(entry, "manager") == manager && json::str(entry, "subresource").empty()) target = &entry;
  for (auto& entry : moving) {
    if (!target) {
      entry["operation"] = "Apply";
      entry["manager"] = std::string(manager);
      out.push_back(entry);
      target = &out.back();
    } else if (json::str(*target, "apiVersion") == json::str(entry, "apiVersion")) {
      // Paths of another version of the API mean other fields; those are given up.
      add_fields((*target)["fieldsV1"], json::find(entry, "fieldsV1"));
    }
  }
  return out;
}

Result<Json> apply_server_side(Session& s, Objects& objects, const Item& item, const WriteOptions& write, bool force) {
  return ServerSideApply(s, objects, item, write, force).run();
}

}  // namespace skerry::kubectl
