// apply --server-side: one patch that the server merges, and the move of an object that was applied client-side before.
#pragma once

#include <string_view>

#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

inline constexpr std::string_view kServerSideManager = "kubectl";  // --field-manager, unless said otherwise

// The object afterwards. What earlier client-side applies owned is given to the manager of this one, so that fields that leave the
// configuration leave the object, and the last-applied annotation stays for those who go back; should that fail, a warning says so.
Result<Json> apply_server_side(Session& s, Objects& objects, const Item& item, const WriteOptions& write, bool force);

// The managedFields of `object` once the entries of client-side applies (Updates by whoever wrote the last-applied annotation) are
// part of `manager`'s Apply entry; null if there are none.
Json migrated_managed_fields(const Json& object, std::string_view manager);

}  // namespace skerry::kubectl
