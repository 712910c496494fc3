// Guarded<T>: a value that can only be reached while its mutex is held.
#pragma once

#include <condition_variable>
#include <mutex>
#include <utility>

namespace skerry {

template <class T>
class Guarded {
 public:
  template <class... Args>
  explicit Guarded(Args&&... args) : value_(std::forward<Args>(args)...) {}
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;

  // Locked access: `auto g = guarded.lock(); g->member`.
  class Access {
   public:
    T* operator->() { return value_; }
    T& operator*() { return *value_; }
    // For condition variables: `cv.wait(g.guard(), ...)`.
    std::unique_lock<std::mutex>& guard() { return lock_; }

   private:
    friend class Guarded;
    Access(std::mutex& m, T* v) : lock_(m), value_(v) {}
    std::unique_lock<std::mutex> lock_;
    T* value_;
  };
  [[nodiscard]] Access lock() { return Access(mutex_, &value_); }
  [[nodiscard]] Access lock() const { return Access(mutex_, const_cast<T*>(&value_)); }

  // Runs f(value) under the lock and returns what it returns.
  template <class F>
  auto with(F&& f) {
    std::lock_guard l(mutex_);
    return std::forward<F>(f)(value_);
  }

 private:
  mutable std::mutex mutex_;
  T value_;
};

}  // namespace skerry
