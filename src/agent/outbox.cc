#include "agent/outbox.h"

#include <algorithm>

#include "base/log.h"
#include "json/patch.h"

namespace skerry::agent {
namespace {

constexpr int kSaveAfterFailures = 2;
std::string note_key(const std::string& uid) { return "status/" + uid; }

bool is_unreachable(const Error& e) {
  switch (e.reason) {
    case Reason::kServiceUnavailable:
    case Reason::kTimeout:
    case Reason::kServerTimeout:
    case Reason::kTooManyRequests:
    case Reason::kInternalError:
    case Reason::kUnknown:
    case Reason::kUnauthorized:
      return true;
    default:
      return false;
  }
}

}  // namespace

Outbox::Outbox(client::Client& uplink, Mirror& mirror, Executor& executor) : uplink_(uplink), mirror_(mirror) {
  controller_ = std::make_unique<client::Controller>("outbox", *this, executor, 2);
  for (auto& [key, text] : mirror_.load_notes("status/")) {
    auto note = json::parse_json(text);
    if (!note) continue;
    Entry e;
    e.ns = json::str(*note, "namespace");
    e.name = json::str(*note, "name");
    e.status = make_bytes(json::dump(json::find(*note, "status")));
    e.saved = true;
    std::string uid = key.substr(std::string_view("status/").size());
    entries_[uid] = std::move(e);
    controller_->enqueue(uid);
  }
}

Outbox::~Outbox() { stop(); }
void Outbox::start() { controller_->start(); }
void Outbox::stop() { controller_->stop(); }

void Outbox::put_status(const std::string& ns, const std::string& name, const std::string& uid, Bytes status) {
  {
    std::lock_guard l(mutex_);
    Entry& e = entries_[uid];
    e.ns = ns;
    e.name = name;
    if (e.status && *e.status == *status) return;
    e.status = std::move(status);
  }
  controller_->enqueue(uid);
}

void Outbox::put_deletion(const std::string& ns, const std::string& name, const std::string& uid) {
  {
    std::lock_guard l(mutex_);
    Entry& e = entries_[uid];
    e.ns = ns;
    e.name = name;
    e.remove = true;
  }
  controller_->enqueue(uid);
}

void Outbox::forget(const std::string& uid) {
  std::lock_guard l(mutex_);
  auto it = entries_.find(uid);
  if (it == entries_.end()) return;
  if (it->second.saved) mirror_.save_note(note_key(uid), std::nullopt);
  entries_.erase(it);
}

Bytes Outbox::unsent(const std::string& uid) const {
  std::lock_guard l(mutex_);
  auto it = entries_.find(uid);
  return it == entries_.end() ? nullptr : it->second.status;
}

Result<client::Outcome> Outbox::reconcile(const client::Key& uid) {
  Entry e;
  {
    std::lock_guard l(mutex_);
    auto it = entries_.find(uid);
    if (it == entries_.end()) return client::Outcome{};
    e = it->second;
  }
  Bytes sending = e.status;
  Sent result = sending ? send_status(uid, e) : Sent::kDone;
  if (result == Sent::kDone && e.remove) result = send_deletion(uid, e);
  up_ = result != Sent::kLater;
  if (result == Sent::kGone) {
    forget(uid);
    return client::Outcome{};
  }
  std::lock_guard l(mutex_);
  auto it = entries_.find(uid);
  if (it == entries_.end()) return client::Outcome{};
  Entry& now = it->second;
  if (result == Sent::kLater) {
    ++now.failures;
    if (now.failures >= kSaveAfterFailures && now.status) {
      auto status = json::parse_json(*now.status);
      mirror_.save_note(note_key(uid), json::dump({{"namespace", now.ns}, {"name", now.name}, {"status", status ? *status : Json()}}));
      now.saved = true;
    }
    return client::Outcome{.requeue_after = std::min(milliseconds(250) * (1 << std::min(now.failures, 6)), milliseconds(10000))};
  }
  now.failures = 0;
  now.sent = e.sent;
  now.sent_revision = e.sent_revision;
  if (now.status == sending) now.status = nullptr;
  if (now.saved && !now.status) {
    mirror_.save_note(note_key(uid), std::nullopt);
    now.saved = false;
  }
  return client::Outcome{};
}

Outbox::Sent Outbox::send_status(const std::string& uid, Entry& e) {
  auto status = json::parse_json(*e.status);
  if (!status) return Sent::kDone;
  // The patch leads from what the server has: what the mirror shows, unless we know of something newer.
  Json base = Json::object();
  api::ObjectPtr pod = mirror_.source(api::kPods).get(api::make_key(e.ns, e.name));
  if (pod && pod->meta().uid != uid) return Sent::kGone;
  if (e.sent && (!pod || pod->meta().revision < e.sent_revision)) {
    if (auto sent = json::parse_json(*e.sent)) base = std::move(*sent);
  } else if (pod) {
    base = json::object_or_empty(json::find(pod->json(), "status"));
  }
  Json patch = json::make_merge_patch(base, *status);
  if (patch.empty()) return Sent::kDone;
  auto answer = uplink_.patch(api::kPods, e.ns, e.name, api::PatchType::kMerge, {{"metadata", {{"uid", uid}}}, {"status", std::move(patch)}}, "status");
  if (answer) {
    e.sent = e.status;
    e.sent_revision = (*answer)->meta().revision;
    return Sent::kDone;
  }
  const Error& error = answer.error();
  if (error.is(Reason::kNotFound)) return Sent::kGone;
  if (is_unreachable(error)) {
    LOG_DEBUG("agent", "status of pod " << e.ns << "/" << e.name << " waits: " << error.message);
    return Sent::kLater;
  }
  LOG_WARN("agent", "the server refused the status of pod " << e.ns << "/" << e.name << ": " << error.message);
  return error.is(Reason::kConflict) ? Sent::kGone : Sent::kDone;
}

Outbox::Sent Outbox::send_deletion(const std::string& uid, const Entry& e) {
  api::Options options;
  options.grace_period_s = 0;
  options.precondition_uid = uid;
  Status s = uplink_.remove(api::kPods, e.ns, e.name, options);
  if (s || !is_unreachable(s.error())) {
    if (!s && !s.error().is(Reason::kNotFound) && !s.error().is(Reason::kConflict))
      LOG_WARN("agent", "the server refused the deletion of pod " << e.ns << "/" << e.name << ": " << s.error().message);
    return Sent::kGone;
  }
  return Sent::kLater;
}

}  // namespace skerry::agent
