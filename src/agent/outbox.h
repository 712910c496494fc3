// Outbox: what this node has to tell of its pods: statuses (the newest wins) and the last word on deleted ones.
//
// Sent when the uplink is there, tried again with back-off when it is not; what waits for long is kept in the mirror's
// file and survives a reboot. What the server says is gone is dropped.
// Threads: put from anywhere; sends on the executor given, which may block on the uplink.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "agent/mirror.h"
#include "base/bytes.h"
#include "base/executor.h"
#include "client/client.h"
#include "client/controller.h"

namespace skerry::agent {

class Outbox final : public client::Reconciler {
 public:
  Outbox(client::Client& uplink, Mirror& mirror, Executor& executor);
  ~Outbox() override;

  void start();
  void stop();

  // `status` is the encoded status; what is equal to what the server has is not sent.
  void put_status(const std::string& ns, const std::string& name, const std::string& uid, Bytes status);
  // After the status that waits: removes the pod from the API, with grace period 0, if it is still the one with this uid.
  void put_deletion(const std::string& ns, const std::string& name, const std::string& uid);
  void forget(const std::string& uid);
  // A status of an earlier life that was not sent.
  Bytes unsent(const std::string& uid) const;
  // False after a send failed because the server could not be reached, until one succeeds.
  bool uplink_up() const { return up_; }

  Result<client::Outcome> reconcile(const client::Key& uid) override;

 private:
  struct Entry {
    std::string ns, name;
    Bytes status;            // to be sent; null: nothing new
    Bytes sent;              // what the server has of ours ...
    int64_t sent_revision = 0;  // ... since this revision
    bool remove = false;
    bool saved = false;      // stands on disk
    int failures = 0;
  };
  enum class Sent { kDone, kGone, kLater };
  Sent send_status(const std::string& uid, Entry& entry);
  Sent send_deletion(const std::string& uid, const Entry& entry);

  client::Client& uplink_;
  Mirror& mirror_;
  std::atomic<bool> up_{true};
  mutable std::mutex mutex_;  // guards all below
  std::map<std::string, Entry> entries_;  // by uid
  std::unique_ptr<client::Controller> controller_;  // fixed
};

}  // namespace skerry::agent
