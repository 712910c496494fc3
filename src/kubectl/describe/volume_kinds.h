// What is shown of each kind of volume, of pods and of PersistentVolumes.
#pragma once

#include "json/json.h"
#include "kubectl/describe/writer.h"

namespace skerry::kubectl {

// The source in a pod's volume or in the spec of a PersistentVolume.
void put_volume_source(Writer& w, const Json& source, bool persistent);
// The parts of a claim that templates have too; `full`: a claim of its own, not one inside a pod's ephemeral volume.
void put_claim(Writer& w, const Json& claim, bool full);
// From the annotation of old or the field.
std::string storage_class_of(const Json& object);

}  // namespace skerry::kubectl
