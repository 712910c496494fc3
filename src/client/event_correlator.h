// EventCorrelator: decides what is written for an event: a new object, a higher count on one written before, or
// nothing. Pure but for the memory of what it decided; bounded. EventRecorder writes what it decides.
//
// As in Kubernetes: equal events of one object fold into one with a count; more than ten events within ten minutes
// that differ only in the message become one "(combined from similar events)"; and one object may cause 25 events at
// once, then one every five minutes.
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <unordered_map>

#include "api/object.h"
#include "base/clock.h"
#include "json/json.h"

namespace skerry::client {

struct ObjectReference;

class EventCorrelator {
 public:
  EventCorrelator(std::string component, std::string host);

  struct Write {
    std::string ns, name;
    Json event;       // the whole object, for a create
    bool repeat = false;  // written before: patch count, message and lastTimestamp
  };
  // Nothing if the event is dropped as spam.
  std::optional<Write> decide(const ObjectReference& about, std::string_view type, std::string_view reason,
                              std::string_view message, WallTime now);
  uint64_t dropped() const { return dropped_; }

 private:
  // A map that forgets the entry used longest ago.
  template <class T>
  struct Recent {
    struct Entry {
      T value;
      std::list<std::string>::iterator place;
    };
    std::list<std::string> order;  // newest first
    std::unordered_map<std::string, Entry> entries;
    T& at(const std::string& key);
  };
  struct Bucket {
    bool used = false;
    double tokens = 0;
    WallTime at{};
  };
  struct Similar {
    WallTime last{};
    std::list<std::string> messages;  // distinct, at most kMostSimilar
  };
  struct Written {
    std::string name;  // empty: not yet
    int64_t count = 0;
    WallTime first{};
  };

  const std::string component_, host_;
  uint64_t dropped_ = 0;
  Recent<Bucket> buckets_;
  Recent<Similar> similar_;
  Recent<Written> written_;
};

}  // namespace skerry::client
