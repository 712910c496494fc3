#include "kubectl/describe/volume_kinds.h"

#include <span>

#include "base/strings.h"
#include "kubectl/describe/format.h"

namespace skerry::kubectl {
namespace {

enum class Show {
  kText,
  kBool,
  kNumber,
  kNumberOrNone,
  kOrNone,
  kOrUnset,
  kSizeOrUnset,  // a quantity above zero
  kList,         // [a b]
  kJoined,       // a, b
  kMap,
  kReference,
};

struct Field {
  std::string_view label;  // with its colon
  std::string_view key;
  Show show = Show::kText;
};

enum In { kPods = 1, kVolumes = 2, kBoth = 3 };

struct Kind {
  std::string_view key;
  int in;
  std::string_view type;
  std::span<const Field> fields;
};

constexpr Field kHostPath[] = {{"Path:", "path"}, {"HostPathType:", "type", Show::kOrNone}};
constexpr Field kEmptyDir[] = {{"Medium:", "medium"}, {"SizeLimit:", "sizeLimit", Show::kSizeOrUnset}};
constexpr Field kGce[] = {{"PDName:", "pdName"},
                          {"FSType:", "fsType"},
                          {"Partition:", "partition", Show::kNumber},
                          {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kAws[] = {{"VolumeID:", "volumeID"},
                          {"FSType:", "fsType"},
                          {"Partition:", "partition", Show::kNumber},
                          {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kGit[] = {{"Repository:", "repository"}, {"Revision:", "revision"}};
constexpr Field kSecret[] = {{"SecretName:", "secretName"}, {"Optional:", "optional", Show::kBool}};
constexpr Field kConfigMap[] = {{"Name:", "name"}, {"Optional:", "optional", Show::kBool}};
constexpr Field kNfs[] = {{"Server:", "server"}, {"Path:", "path"}, {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kIscsi[] = {{"TargetPortal:", "targetPortal"},
                            {"IQN:", "iqn"},
                            {"Lun:", "lun", Show::kNumber},
                            {"ISCSIInterface", "iscsiInterface"},
                            {"FSType:", "fsType"},
                            {"ReadOnly:", "readOnly", Show::kBool},
                            {"Portals:", "portals", Show::kList},
                            {"DiscoveryCHAPAuth:", "chapAuthDiscovery", Show::kBool},
                            {"SessionCHAPAuth:", "chapAuthSession", Show::kBool},
                            {"SecretRef:", "secretRef", Show::kReference},
                            {"InitiatorName:", "initiatorName", Show::kOrNone}};
constexpr Field kGlusterfs[] = {
    {"EndpointsName:", "endpoints"}, {"Path:", "path"}, {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kGlusterfsVolume[] = {{"EndpointsName:", "endpoints"},
                                      {"EndpointsNamespace:", "endpointsNamespace", Show::kOrUnset},
                                      {"Path:", "path"},
                                      {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kClaim[] = {{"ClaimName:", "claimName"}, {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kRbd[] = {{"CephMonitors:", "monitors", Show::kList},
                          {"RBDImage:", "image"},
                          {"FSType:", "fsType"},
                          {"RBDPool:", "pool"},
                          {"RadosUser:", "user"},
                          {"Keyring:", "keyring"},
                          {"SecretRef:", "secretRef", Show::kReference},
                          {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kQuobyte[] = {{"Registry:", "registry"}, {"Volume:", "volume"}, {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kAzureDisk[] = {
    {"DiskName:", "diskName"}, {"DiskURI:", "diskURI"},         {"Kind: ", "kind"},
    {"FSType:", "fsType"},     {"CachingMode:", "cachingMode"}, {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kVsphere[] = {
    {"VolumePath:", "volumePath"}, {"FSType:", "fsType"}, {"StoragePolicyName:", "storagePolicyName"}};
constexpr Field kCinder[] = {{"VolumeID:", "volumeID"},
                             {"FSType:", "fsType"},
                             {"ReadOnly:", "readOnly", Show::kBool},
                             {"SecretRef:", "secretRef", Show::kReference}};
constexpr Field kPhoton[] = {{"PdID:", "pdID"}, {"FSType:", "fsType"}};
constexpr Field kPortworx[] = {{"VolumeID:", "volumeID"}};
constexpr Field kScaleIo[] = {{"Gateway:", "gateway"},
                              {"System:", "system"},
                              {"Protection Domain:", "protectionDomain"},
                              {"Storage Pool:", "storagePool"},
                              {"Storage Mode:", "storageMode"},
                              {"VolumeName:", "volumeName"},
                              {"FSType:", "fsType"},
                              {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kScaleIoVolume[] = {{"Gateway:", "gateway"},
                                    {"System:", "system"},
                                    {"Protection Domain:", "protectionDomain"},
                                    {"Storage Pool:", "storagePool"},
                                    {"Storage Mode:", "storageMode"},
                                    {"VolumeName:", "volumeName"},
                                    {"SecretName:", "secretRef.name"},
                                    {"SecretNamespace:", "secretRef.namespace"},
                                    {"FSType:", "fsType"},
                                    {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kLocal[] = {{"Path:", "path"}};
constexpr Field kCephFs[] = {{"Monitors:", "monitors", Show::kList},
                             {"Path:", "path"},
                             {"User:", "user"},
                             {"SecretFile:", "secretFile"},
                             {"SecretRef:", "secretRef", Show::kReference},
                             {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kStorageOs[] = {{"VolumeName:", "volumeName"},
                                {"VolumeNamespace:", "volumeNamespace"},
                                {"FSType:", "fsType"},
                                {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kFc[] = {{"TargetWWNs:", "targetWWNs", Show::kJoined},
                         {"LUN:", "lun", Show::kNumberOrNone},
                         {"FSType:", "fsType"},
                         {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kAzureFile[] = {
    {"SecretName:", "secretName"}, {"ShareName:", "shareName"}, {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kAzureFileVolume[] = {{"SecretName:", "secretName"},
                                      {"SecretNamespace:", "secretNamespace"},
                                      {"ShareName:", "shareName"},
                                      {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kFlex[] = {{"Driver:", "driver"},
                           {"FSType:", "fsType"},
                           {"SecretRef:", "secretRef", Show::kReference},
                           {"ReadOnly:", "readOnly", Show::kBool},
                           {"Options:", "options", Show::kMap}};
constexpr Field kFlocker[] = {{"DatasetName:", "datasetName"}, {"DatasetUUID:", "datasetUUID"}};
constexpr Field kCsi[] = {{"Driver:", "driver"}, {"FSType:", "fsType"}, {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kCsiVolume[] = {{"Driver:", "driver"},
                                {"FSType:", "fsType"},
                                {"VolumeHandle:", "volumeHandle"},
                                {"ReadOnly:", "readOnly", Show::kBool}};
constexpr Field kImage[] = {{"Reference:", "reference"}, {"PullPolicy:", "pullPolicy"}};

constexpr Kind kKinds[] = {
    {"hostPath", kBoth, "HostPath (bare host directory volume)", kHostPath},
    {"emptyDir", kPods, "EmptyDir (a temporary directory that shares a pod's lifetime)", kEmptyDir},
    {"gcePersistentDisk", kBoth, "GCEPersistentDisk (a Persistent Disk resource in Google Compute Engine)", kGce},
    {"awsElasticBlockStore", kBoth, "AWSElasticBlockStore (a Persistent Disk resource in AWS)", kAws},
    {"gitRepo", kPods, "GitRepo (a volume that is pulled from git when the pod is created)", kGit},
    {"secret", kPods, "Secret (a volume populated by a Secret)", kSecret},
    {"configMap", kPods, "ConfigMap (a volume populated by a ConfigMap)", kConfigMap},
    {"nfs", kBoth, "NFS (an NFS mount that lasts the lifetime of a pod)", kNfs},
    {"iscsi", kBoth,
     "ISCSI (an ISCSI Disk resource that is attached to a kubelet's host machine and then exposed to the pod)", kIscsi},
    {"glusterfs", kPods, "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)", kGlusterfs},
    {"glusterfs", kVolumes, "Glusterfs (a Glusterfs mount on the host that shares a pod's lifetime)", kGlusterfsVolume},
    {"persistentVolumeClaim", kPods,
     "PersistentVolumeClaim (a reference to a PersistentVolumeClaim in the same namespace)", kClaim},
    {"ephemeral",
     kPods,
     "EphemeralVolume (an inline specification for a volume that gets created and deleted with the pod)",
     {}},
    {"rbd", kBoth, "RBD (a Rados Block Device mount on the host that shares a pod's lifetime)", kRbd},
    {"quobyte", kBoth, "Quobyte (a Quobyte mount on the host that shares a pod's lifetime)", kQuobyte},
    {"downwardAPI", kPods, "DownwardAPI (a volume populated by information about the pod)", {}},
    {"azureDisk", kBoth, "AzureDisk (an Azure Data Disk mount on the host and bind mount to the pod)", kAzureDisk},
    {"vsphereVolume", kBoth, "vSphereVolume (a Persistent Disk resource in vSphere)", kVsphere},
    {"cinder", kBoth, "Cinder (a Persistent Disk resource in OpenStack)", kCinder},
    {"photonPersistentDisk", kBoth, "PhotonPersistentDisk (a Persistent Disk resource in photon platform)", kPhoton},
    {"portworxVolume", kBoth, "PortworxVolume (a Portworx Volume resource)", kPortworx},
    {"scaleIO", kPods, "ScaleIO (a persistent volume backed by a block device in ScaleIO)", kScaleIo},
    {"scaleIO", kVolumes, "ScaleIO (a persistent volume backed by a block device in ScaleIO)", kScaleIoVolume},
    {"local", kVolumes, "LocalVolume (a persistent volume backed by local storage on a node)", kLocal},
    {"cephfs", kBoth, "CephFS (a CephFS mount on the host that shares a pod's lifetime)", kCephFs},
    {"storageos", kBoth, "StorageOS (a StorageOS Persistent Disk resource)", kStorageOs},
    {"fc", kBoth, "FC (a Fibre Channel disk)", kFc},
    {"azureFile", kPods, "AzureFile (an Azure File Service mount on the host and bind mount to the pod)", kAzureFile},
    {"azureFile", kVolumes, "AzureFile (an Azure File Service mount on the host and bind mount to the pod)",
     kAzureFileVolume},
    {"flexVolume", kBoth,
     "FlexVolume (a generic volume resource that is provisioned/attached using an exec based plugin)", kFlex},
    {"flocker", kBoth, "Flocker (a Flocker volume mounted by the Flocker agent)", kFlocker},
    {"projected", kPods, "Projected (a volume that contains injected data from multiple sources)", {}},
    {"csi", kPods, "CSI (a Container Storage Interface (CSI) volume source)", kCsi},
    {"csi", kVolumes, "CSI (a Container Storage Interface (CSI) volume source)", kCsiVolume},
    {"image", kPods, "Image (a container image or OCI artifact)", kImage},
};

// As Go prints a pointer to a LocalObjectReference (pods) or SecretReference (PersistentVolumes).
std::string reference_text(const Json& reference, bool persistent) {
  if (reference.is_null()) return "nil";
  std::string name = "Name:" + json::str(reference, "name") + ",";
  return persistent ? "&SecretReference{" + name + "Namespace:" + json::str(reference, "namespace") + ",}"
                    : "&LocalObjectReference{" + name + "}";
}

std::string value_text(const Json& source, const Field& field, bool persistent) {
  size_t dot = field.key.find('.');
  const Json& value = dot == std::string_view::npos
                          ? json::find(source, field.key)
                          : json::find(source, {field.key.substr(0, dot), field.key.substr(dot + 1)});
  bool there = !value.is_null();
  switch (field.show) {
    case Show::kText:
      return there ? go_value(value) : "";
    case Show::kBool:
      return value.is_boolean() && value.get<bool>() ? "true" : "false";
    case Show::kNumber:
      return there ? go_value(value) : "0";
    case Show::kNumberOrNone:
    case Show::kOrNone:
      return there ? go_value(value) : "<none>";
    case Show::kOrUnset:
      return there ? go_value(value) : "<unset>";
    case Show::kSizeOrUnset: {
      auto size = api::Quantity::from_json(value);
      return size.is_zero() || size.negative() ? "<unset>" : size.to_string();
    }
    case Show::kList:
      return go_value(json::array_or_empty(value));
    case Show::kJoined:
      return joined_list(value, ", ");
    case Show::kMap:
      return go_value(json::object_or_empty(value));
    case Show::kReference:
      return reference_text(value, persistent);
  }
  return "";
}

void put_projected(Writer& w, const Json& projected) {
  auto optional = [](const Json& source) { return json::boolean(source, "optional"); };
  for (const Json& source : json::array_or_empty(json::find(projected, "sources"))) {
    if (const Json& secret = json::find(source, "secret"); secret.is_object()) {
      w.line(2, "SecretName:\t", json::str(secret, "name"), "\n    Optional:\t", optional(secret));
    } else if (has(source, "downwardAPI")) {
      w.line(2, "DownwardAPI:\ttrue");
    } else if (const Json& map = json::find(source, "configMap"); map.is_object()) {
      w.line(2, "ConfigMapName:\t", json::str(map, "name"), "\n    Optional:\t", optional(map));
    } else if (const Json& token = json::find(source, "serviceAccountToken"); token.is_object()) {
      w.line(2, "TokenExpirationSeconds:\t", json::integer(token, "expirationSeconds"));
    }
  }
}

void put_downward_items(Writer& w, const Json& source) {
  for (const Json& item : json::array_or_empty(json::find(source, "items"))) {
    std::string path = json::str(item, "path");
    if (has(item, "fieldRef")) w.line(3, json::str(item, {"fieldRef", "fieldPath"}), " -> ", path);
    if (has(item, "resourceFieldRef")) w.line(3, json::str(item, {"resourceFieldRef", "resource"}), " -> ", path);
  }
}

void put_csi_attributes(Writer& w, const Json& source) {
  const Json& attributes = json::object_or_empty(json::find(source, "volumeAttributes"));
  w.put(2, "VolumeAttributes:\t");
  if (attributes.empty()) return w.line(0, "<none>");
  bool first = true;
  for (const auto& [key, value] : attributes.items()) {
    if (!first) {
      w.put(2);
      w.put(2, "\t");
    }
    first = false;
    std::string text = key + "=" + go_value(value);
    w.line(2, text.substr(0, 140), text.size() > 140 ? "..." : "");
  }
}

}  // namespace

void put_volume_source(Writer& w, const Json& source, bool persistent) {
  for (const Kind& kind : kKinds) {
    const Json& details = json::find(source, kind.key);
    if (details.is_null() || !(kind.in & (persistent ? kVolumes : kPods))) continue;
    std::string text = "Type:\t" + std::string(kind.type) + "\n";
    for (const Field& field : kind.fields) {
      text += "    ";
      text += field.label;
      text += "\t" + value_text(details, field, persistent) + "\n";
    }
    if (kind.key == "downwardAPI") text += "    Items:\n";
    w.put(2, text);
    if (kind.key == "downwardAPI") put_downward_items(w, details);
    if (kind.key == "projected") put_projected(w, details);
    if (kind.key == "csi") put_csi_attributes(w, details);
    if (const Json& claim = json::find(details, "volumeClaimTemplate"); kind.key == "ephemeral" && claim.is_object()) {
      Writer::Deeper deeper(w, 2);
      put_claim(w, claim, false);
    }
    return;
  }
  w.line(1, "<unknown>");
}

}  // namespace skerry::kubectl
