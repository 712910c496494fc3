// Strategy: what a kind does on creation and update beyond what the API tables say. Kinds without a row here follow
// the general rules.
#pragma once

#include <cstdint>
#include <string>

#include "api/request.h"
#include "api/resource.h"
#include "base/clock.h"
#include "base/random.h"
#include "base/result.h"
#include "json/json.h"
#include "registry/service_allocator.h"

namespace skerry::registry {

struct StrategyContext {
  const Clock& clock;
  Random& random;
  const api::UserInfo& user;
  ServiceAllocator::Reservation& services;  // given back unless the write succeeds
};

enum StrategyFlag : uint16_t {
  kKeepsStatusOnCreate = 1,    // nodes may be created with a status
  kCountsGeneration = 2,       // metadata.generation
  kCreateOnUpdate = 4,         // PUT creates what is missing
  kNeedsRevision = 8,          // PUT without resourceVersion is Invalid
  kReturnsDeleted = 16,        // DELETE answers with the object instead of a Status
  kOrphansByDefault = 32,      // DELETE without a propagation policy
};

struct Strategy {
  std::string_view group_resource;
  uint16_t flags;
  Status (*prepare_create)(StrategyContext&, Json& object);
  Status (*prepare_update)(StrategyContext&, Json& object, const Json& old);

  bool has(StrategyFlag flag) const { return (flags & flag) != 0; }
};

// Of the stored row.
Strategy strategy_of(const api::Resource& row);

// The functions of the table, by file: strategy_workload.cc, strategy_service.cc, strategy_misc.cc.
Status prepare_pod(StrategyContext&, Json& pod);
Status prepare_pod_update(StrategyContext&, Json& pod, const Json& old);
Status prepare_job(StrategyContext&, Json& job);
Status prepare_service(StrategyContext&, Json& service);
Status prepare_service_update(StrategyContext&, Json& service, const Json& old);
Status prepare_namespace(StrategyContext&, Json& ns);
Status prepare_namespace_update(StrategyContext&, Json& ns, const Json& old);
Status prepare_secret(StrategyContext&, Json& secret);
Status prepare_secret_update(StrategyContext&, Json& secret, const Json& old);
Status prepare_pending(StrategyContext&, Json& claim_or_volume);
Status prepare_csr(StrategyContext&, Json& csr);
Status prepare_csr_update(StrategyContext&, Json& csr, const Json& old);
Status prepare_crd(StrategyContext&, Json& crd);
Status prepare_crd_update(StrategyContext&, Json& crd, const Json& old);

// Writes that differ only in this are heartbeats: Lease renewals and node status times. They do not reach the disk at once.
bool is_heartbeat(const api::Resource& row, const Json& object, const Json& old);

}  // namespace skerry::registry
