#include "dns/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <fstream>
#include <map>
#include <thread>

#include "base/log.h"
#include "base/strings.h"

namespace skerry::dns {
namespace {

constexpr size_t kMaxForwarded = 512, kMaxConnections = 128, kMaxMessage = 65535, kUdpLimit = 1232;
constexpr std::chrono::seconds kUpstreamTimeout{2}, kIdleTimeout{10};

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  int family() const { return storage.ss_family; }
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

std::optional<Address> parse_address(std::string text, uint16_t default_port) {
  uint16_t port = default_port;
  std::string host = text;
  if (text.starts_with('[')) {
    size_t close = text.find(']');
    if (close == std::string::npos) return std::nullopt;
    host = text.substr(1, close - 1);
    if (close + 2 <= text.size() && text[close + 1] == ':') port = static_cast<uint16_t>(parse_int(text.substr(close + 2)).value_or(0));
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    size_t colon = text.find(':');
    host = text.substr(0, colon);
    port = static_cast<uint16_t>(parse_int(text.substr(colon + 1)).value_or(0));
  }
  Address out;
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (inet_pton(AF_INET, host.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out.size = sizeof *v4;
  } else if (inet_pton(AF_INET6, host.c_str(), &v6->sin6_addr) == 1) {
    v6->sin6_family = AF_INET6;
    v6->sin6_port = htons(port);
    out.size = sizeof *v6;
  } else {
    return std::nullopt;
  }
  return out;
}

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& o) noexcept : fd_(std::exchange(o.fd_, -1)) {}
  Fd& operator=(Fd&& o) noexcept {
    std::swap(fd_, o.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

// What a socket of the loop is for.
struct Server::Loop {
  struct Connection {  // a TCP client
    Fd fd;
    std::string in, out;
    MonoTime last;
    uint64_t id = 0;
  };
  struct Pending {  // a forwarded query
    Fd fd;
    Query query;
    std::string packet;  // with our id
    std::vector<Record> aliases;  // come before the answer's records: another name was asked than the client did
    uint16_t our_id = 0;
    size_t upstream = 0;
    bool tcp = false, connected = false;
    std::string in, out;
    MonoTime deadline;
    int client_udp = -1;  // answer by this socket to `client`, or
    Address client;
    uint64_t connection = 0;  // by this TCP connection
  };

  const Zone& zone;
  const Clock& clock;
  Random& random;
  std::vector<Address> upstreams;
  Fd epoll{epoll_create1(EPOLL_CLOEXEC)}, wake{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
  std::vector<Fd> udp, tcp;
  std::map<int, Connection> connections;  // by fd
  std::map<int, Pending> pending;         // by fd
  uint64_t next_connection = 1;
  uint16_t port = 0;
  std::atomic<bool> stopping{false};
  std::atomic<uint64_t> answered{0}, forwarded{0}, failed{0};
  std::thread thread;

  Loop(const Zone& z, const Clock& c, Random& r) : zone(z), clock(c), random(r) {}
  ~Loop() {
    stopping = true;
    uint64_t one = 1;
    [[maybe_unused]] ssize_t n = ::write(wake.get(), &one, sizeof one);
    if (thread.joinable()) thread.join();
  }

  void watch(int fd, uint32_t events, int op = EPOLL_CTL_ADD) const {
    epoll_event e{};
    e.events = events;
    e.data.fd = fd;
    epoll_ctl(epoll.get(), op, fd, &e);
  }

  Status listen(const std::string& text) {
    auto address = parse_address(text, 53);
    if (!address) return Error(Reason::kBadRequest, "DNS: \"" + text + "\" is no address");
    for (int attempt = 0;; ++attempt) {
      Address a = *address;
      Fd u(::socket(a.family(), SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)), t(::socket(a.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      int one = 1;
      for (int fd : {u.get(), t.get()}) {
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
        setsockopt(fd, SOL_IP, IP_FREEBIND, &one, sizeof one);
      }
      if (::bind(u.get(), a.get(), a.size) != 0) return errno_error("DNS: bind " + text, errno);
      Address bound;
      bound.size = sizeof bound.storage;
      getsockname(u.get(), reinterpret_cast<sockaddr*>(&bound.storage), &bound.size);
      if (::bind(t.get(), bound.get(), bound.size) != 0 || ::listen(t.get(), 64) != 0) {
        if (attempt < 16 && errno == EADDRINUSE && text.ends_with(":0")) continue;
        return errno_error("DNS: bind " + text + " (TCP)", errno);
      }
      if (port == 0) port = ntohs(reinterpret_cast<sockaddr_in*>(&bound.storage)->sin_port);
      watch(u.get(), EPOLLIN);
      watch(t.get(), EPOLLIN);
      udp.push_back(std::move(u));
      tcp.push_back(std::move(t));
      return {};
    }
  }

  void run() {
    epoll_event events[64];
    while (!stopping) {
      int n = epoll_wait(epoll.get(), events, 64, pending.empty() && connections.empty() ? -1 : 500);
      for (int i = 0; i < n; ++i) handle(events[i].data.fd, events[i].events);
      expire();
    }
  }

  void handle(int fd, uint32_t events) {
    if (fd == wake.get()) return;
    for (auto& u : udp)
      if (u.get() == fd) return read_udp(fd);
    for (auto& t : tcp)
      if (t.get() == fd) return accept_tcp(fd);
    if (pending.contains(fd)) return handle_upstream(fd, events);
    if (connections.contains(fd)) return handle_connection(fd, events);
  }

  void read_udp(int fd) {
    char buf[4096];
    for (int i = 0; i < 64; ++i) {  // then let others have their turn
      Address from;
      from.size = sizeof from.storage;
      ssize_t n = recvfrom(fd, buf, sizeof buf, 0, reinterpret_cast<sockaddr*>(&from.storage), &from.size);
      if (n < 0) return;
      take(std::string_view(buf, static_cast<size_t>(n)), fd, from, 0);
    }
  }

  // One query from a UDP client (connection 0) or a TCP connection.
  void take(std::string_view packet, int fd, const Address& from, uint64_t connection) {
    auto parsed = parse_query(packet);
    if (!parsed) return;
    const Query& q = parsed->query;
    if (parsed->error != kNoError) {
      Answer a;
      a.rcode = parsed->error;
      a.authoritative = false;
      return reply(q, a, fd, from, connection);
    }
    auto answer = zone.resolve(q.question);
    if (answer && answer->goes_on_with.empty()) return reply(q, *answer, fd, from, connection);
    Pending p;
    p.query = q;
    p.packet = packet;
    if (answer) {
      p.packet = write_query(q, answer->goes_on_with);
      p.aliases = std::move(answer->answers);
    }
    p.client_udp = fd;
    p.client = from;
    p.connection = connection;
    p.tcp = connection != 0;
    forward(std::move(p));
  }

  size_t limit_of(const Query& q, uint64_t connection) const {
    if (connection != 0) return kMaxMessage;
    return q.edns_payload ? std::clamp<size_t>(*q.edns_payload, 512, kUdpLimit) : 512;
  }

  void reply(const Query& q, const Answer& a, int fd, const Address& to, uint64_t connection) {
    ++answered;
    send_packet(write_answer(q, a, limit_of(q, connection)), fd, to, connection);
  }

  void send_packet(const std::string& packet, int fd, const Address& to, uint64_t connection) {
    if (connection == 0) {
      sendto(fd, packet.data(), packet.size(), 0, to.get(), to.size);
      return;
    }
    for (auto& [cfd, c] : connections)
      if (c.id == connection) {
        c.out += static_cast<char>(packet.size() >> 8);
        c.out += static_cast<char>(packet.size() & 0xff);
        c.out += packet;
        flush(cfd, c);
        return;
      }
  }

  void fail(const Pending& p) {
    ++failed;
    Answer a{.rcode = kServFail, .authoritative = false, .answers = p.aliases};
    reply(p.query, a, p.client_udp, p.client, p.connection);
  }

  void forward(Pending p) {
    if (upstreams.empty()) {
      const Answer a{.rcode = kRefused, .authoritative = false, .answers = p.aliases};
      return reply(p.query, a, p.client_udp, p.client, p.connection);
    }
    if (pending.size() >= kMaxForwarded || p.upstream >= upstreams.size()) return fail(p);
    const Address& up = upstreams[p.upstream];
    Fd fd(::socket(up.family(), (p.tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (fd.get() < 0 || (::connect(fd.get(), up.get(), up.size) != 0 && errno != EINPROGRESS)) {
      ++p.upstream;
      return forward(std::move(p));
    }
    p.our_id = static_cast<uint16_t>(random.next());
    p.packet[0] = static_cast<char>(p.our_id >> 8);
    p.packet[1] = static_cast<char>(p.our_id & 0xff);
    p.deadline = clock.mono() + kUpstreamTimeout;
    p.in.clear();
    p.out.clear();
    if (p.tcp) {
      p.out += static_cast<char>(p.packet.size() >> 8);
      p.out += static_cast<char>(p.packet.size() & 0xff);
      p.out += p.packet;
    } else if (::send(fd.get(), p.packet.data(), p.packet.size(), 0) < 0) {
      ++p.upstream;
      return forward(std::move(p));
    }
    ++forwarded;
    int key = fd.get();
    watch(key, p.tcp ? EPOLLIN | EPOLLOUT : EPOLLIN);
    p.fd = std::move(fd);
    pending.insert_or_assign(key, std::move(p));
  }

  void next_upstream(int fd) {
    Pending p = std::move(pending.extract(fd).mapped());
    p.fd = Fd();
    ++p.upstream;
    forward(std::move(p));
  }

  void handle_upstream(int fd, uint32_t events) {
    Pending& p = pending.at(fd);
    char buf[kMaxMessage];
    if (!p.tcp) {
      ssize_t n = recv(fd, buf, sizeof buf, 0);
      if (n < 0) return errno == EAGAIN ? void() : next_upstream(fd);
      finish(fd, std::string(buf, static_cast<size_t>(n)));
      return;
    }
    if ((events & EPOLLOUT) && !p.out.empty()) {
      ssize_t n = ::send(fd, p.out.data(), p.out.size(), MSG_NOSIGNAL);
      if (n < 0 && errno != EAGAIN) return next_upstream(fd);
      if (n > 0) p.out.erase(0, static_cast<size_t>(n));
      if (p.out.empty()) watch(fd, EPOLLIN, EPOLL_CTL_MOD);
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
      ssize_t n = recv(fd, buf, sizeof buf, 0);
      if (n == 0 || (n < 0 && errno != EAGAIN)) return next_upstream(fd);
      if (n > 0) p.in.append(buf, static_cast<size_t>(n));
      if (p.in.size() < 2) return;
      size_t want = static_cast<size_t>(static_cast<unsigned char>(p.in[0]) << 8 | static_cast<unsigned char>(p.in[1]));
      if (p.in.size() >= want + 2) finish(fd, p.in.substr(2, want));
    }
  }

  // An answer from upstream: the id must be ours; it goes back under the client's.
  void finish(int fd, std::string packet) {
    Pending& p = pending.at(fd);
    if (packet.size() < 12 || static_cast<unsigned char>(packet[0]) != p.our_id >> 8 || static_cast<unsigned char>(packet[1]) != (p.our_id & 0xff) || !(packet[2] & 0x80)) {
      if (p.tcp) next_upstream(fd);
      return;
    }
    if (!p.aliases.empty()) {
      auto response = parse_response(packet);
      if (!response) return next_upstream(fd);
      Answer a{.rcode = response->rcode, .authoritative = false, .answers = p.aliases};
      a.answers.insert(a.answers.end(), response->answers.begin(), response->answers.end());
      packet = write_answer(p.query, a, limit_of(p.query, p.connection));
      if (response->truncated) packet[2] = static_cast<char>(static_cast<unsigned char>(packet[2]) | 0x02);
    }
    packet[0] = static_cast<char>(p.query.id >> 8);
    packet[1] = static_cast<char>(p.query.id & 0xff);
    if (p.connection == 0 && packet.size() > limit_of(p.query, 0)) {
      Answer a;
      a.authoritative = false;
      packet = write_answer(p.query, a, 512);
      packet[2] = static_cast<char>(static_cast<unsigned char>(packet[2]) | 0x02);
    }
    send_packet(packet, p.client_udp, p.client, p.connection);
    pending.erase(fd);
  }

  void accept_tcp(int listener) {
    for (;;) {
      int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      Fd owned(fd);
      if (connections.size() >= kMaxConnections) continue;
      Connection c;
      c.fd = std::move(owned);
      c.last = clock.mono();
      c.id = next_connection++;
      connections.insert_or_assign(fd, std::move(c));
      watch(fd, EPOLLIN);
    }
  }

  void handle_connection(int fd, uint32_t events) {
    Connection& c = connections.at(fd);
    if (events & EPOLLOUT) flush(fd, c);
    if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR))) return;
    char buf[4096];
    ssize_t n = recv(fd, buf, sizeof buf, 0);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
      connections.erase(fd);
      return;
    }
    if (n > 0) c.in.append(buf, static_cast<size_t>(n));
    c.last = clock.mono();
    const uint64_t id = c.id;
    while (c.in.size() >= 2) {
      size_t want = static_cast<size_t>(static_cast<unsigned char>(c.in[0]) << 8 | static_cast<unsigned char>(c.in[1]));
      if (c.in.size() < want + 2) break;
      std::string packet = c.in.substr(2, want);
      c.in.erase(0, want + 2);
      take(packet, -1, Address(), id);
      if (!connections.contains(fd)) return;  // closed while answering
    }
    if (c.in.size() > 2 * kMaxMessage) connections.erase(fd);
  }

  // Keeps the connection; one that cannot take its answers is closed when it idles out.
  void flush(int fd, Connection& c) {
    ssize_t n = ::send(fd, c.out.data(), c.out.size(), MSG_NOSIGNAL);
    if (n > 0) c.out.erase(0, static_cast<size_t>(n));
    if (c.out.size() > 4 * kMaxMessage) c.out.clear(), shutdown(fd, SHUT_RDWR);
    watch(fd, EPOLLIN | (c.out.empty() ? 0u : EPOLLOUT), EPOLL_CTL_MOD);
  }

  void expire() {
    MonoTime now = clock.mono();
    std::vector<int> late;
    for (auto& [fd, p] : pending)
      if (p.deadline < now) late.push_back(fd);
    for (int fd : late) next_upstream(fd);
    std::erase_if(connections, [&](auto& entry) { return entry.second.last + kIdleTimeout < now; });
  }
};

Server::Server(std::unique_ptr<Loop> loop) : loop_(std::move(loop)) {}
Server::~Server() = default;
uint16_t Server::port() const { return loop_->port; }
Server::Stats Server::stats() const { return {loop_->answered, loop_->forwarded, loop_->failed}; }

Result<std::unique_ptr<Server>> Server::start(const ServerOptions& options, const Zone& zone, const Clock& clock, Random& random) {
  auto loop = std::make_unique<Loop>(zone, clock, random);
  loop->watch(loop->wake.get(), EPOLLIN);
  for (auto& text : options.listen) TRY(loop->listen(text));
  for (auto& text : options.upstreams) {
    auto a = parse_address(text, 53);
    if (!a) return Error(Reason::kBadRequest, "DNS: upstream \"" + text + "\" is no address");
    loop->upstreams.push_back(*a);
  }
  loop->thread = std::thread([l = loop.get()] { l->run(); });
  return std::unique_ptr<Server>(new Server(std::move(loop)));
}

std::vector<std::string> read_upstreams(const std::string& path, const std::vector<std::string>& not_these) {
  std::vector<std::string> out;
  std::ifstream in(path);
  std::string line;
  while (out.size() < 3 && std::getline(in, line)) {
    std::string_view text = trim(line);
    if (!text.starts_with("nameserver")) continue;
    std::string address(trim(text.substr(10)));
    if (address.find('%') != std::string::npos || !parse_address(address, 53)) continue;
    if (std::find(not_these.begin(), not_these.end(), address) == not_these.end()) out.push_back(address);
  }
  return out;
}

}  // namespace skerry::dns
