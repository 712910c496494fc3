// Conversion between the rows that share stored objects: events of two groups, autoscalers of two versions, the
// versions of a custom kind.
#pragma once

#include "api/object.h"
#include "api/resource.h"
#include "json/json.h"

namespace skerry::registry {

// The row whose objects are kept: itself, unless it says otherwise.
inline const api::Resource& stored_row(const api::Resource& row) { return row.stored_as ? *row.stored_as : row; }

// From the row's form to the stored one. In place.
void to_stored(const api::Resource& row, Json& object);
void from_stored(const api::Resource& row, Json& object);
// The object as the row shows it: usually the same pointer.
api::ObjectPtr view_as(const api::Resource& row, const api::ObjectPtr& stored);

}  // namespace skerry::registry
