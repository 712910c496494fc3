// ServiceAllocator: which cluster IPs and node ports are taken, and by which Service.
//
// The Services themselves are the record: the tables are filled when they are loaded and kept by on_event(). In
// between, a Reservation holds what a write that is not committed yet will use, so two writes never get the same.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/object.h"
#include "base/random.h"
#include "base/result.h"
#include "json/json.h"

namespace skerry::registry {

class ServiceAllocator {
 public:
  // BadRequest where the range is not an IPv4 network of at least 8 addresses.
  static Result<std::unique_ptr<ServiceAllocator>> make(const std::string& cidr, int first_port, int last_port);

  // What one write has reserved; the destructor gives it back. Once the write is committed its Service holds it.
  class Reservation {
   public:
    Reservation(ServiceAllocator& allocator, Random& random) : allocator_(allocator), random_(random) {}
    ~Reservation();
    Reservation(const Reservation&) = delete;
    Reservation& operator=(const Reservation&) = delete;

    // The messages are those of Kubernetes' Invalid causes. `owner`: "namespace/name".
    Result<std::string> any_ip(const std::string& owner);
    Status ip(const std::string& ip, const std::string& owner);
    Result<int> any_port(const std::string& owner);
    Status port(int port, const std::string& owner);

   private:
    ServiceAllocator& allocator_;
    Random& random_;
    std::vector<uint32_t> ips_;
    std::vector<int> ports_;
  };

  // A Service as it was and as it is; null for none. In order of revisions.
  void on_event(const api::ObjectPtr& before, const api::ObjectPtr& after);

  // "10.43.0.0/16".
  std::string cidr() const;
  size_t used_ips() const;
  size_t used_ports() const;

 private:
  friend class Reservation;
  // Who uses it: at most one Service, and any number of writes in flight (of that Service).
  struct Use {
    std::string owner;
    int pending = 0;
    bool held = false;
  };
  ServiceAllocator(uint32_t base, int prefix, int first_port, int last_port)
      : base_(base), prefix_(prefix), first_port_(first_port), last_port_(last_port) {}
  template <class K>
  static bool reserve(std::map<K, Use>& uses, K key, const std::string& owner);
  template <class K>
  static void release(std::map<K, Use>& uses, K key);
  template <class K>
  static void change_held(std::map<K, Use>& uses, const std::set<K>& before, const std::set<K>& after,
                          const std::string& owner);

  const uint32_t base_;
  const int prefix_;
  const int first_port_, last_port_;
  mutable std::mutex mutex_;  // guards all below
  std::map<uint32_t, Use> ips_;
  std::map<int, Use> ports_;
};

}  // namespace skerry::registry
