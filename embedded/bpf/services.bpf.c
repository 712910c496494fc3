/* Service addresses at socket level: connect() and sendmsg() to a cluster IP go straight to a backend, answers and
 * getpeername() show the cluster IP again. Nothing is rewritten per packet.
 *
 * Attached to the root of cgroup v2, so it sees every process of the machine; it acts only in the network namespaces
 * of this instance (the node's own and its pods'). IPv4, also through IPv6 sockets (::ffff:a.b.c.d). */
#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#include "proxy/bpf_maps.h"

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, SKERRY_MAX_NAMESPACES);
  __type(key, __u64);
  __type(value, __u8);
} namespaces SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, SKERRY_MAX_SERVICES);
  __type(key, struct service_key);
  __type(value, struct service_value);
} services SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_HASH);
  __uint(map_flags, BPF_F_NO_PREALLOC);
  __uint(max_entries, SKERRY_MAX_BACKENDS);
  __type(key, struct backend_key);
  __type(value, struct backend_value);
} backends SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, SKERRY_MAX_SOCKETS);
  __type(key, struct socket_key);
  __type(value, struct service_key);
} sockets SEC(".maps");

struct {
  __uint(type, BPF_MAP_TYPE_LRU_HASH);
  __uint(max_entries, SKERRY_MAX_CLIENTS);
  __type(key, struct client_key);
  __type(value, struct client_value);
} clients SEC(".maps");

#define ALLOW 1

/* As if nothing listened there. */
static __always_inline int refuse(void) {
  bpf_set_retval(-111 /* ECONNREFUSED */);
  return 0;
}

/* Still one of the service's backends? A removed one must not be kept by affinity. */
static __always_inline int is_backend(const struct service_value *service, const struct backend_value *wanted) {
  for (__u32 slot = 0; slot < 64; ++slot) {
    if (slot >= service->count) return 0;
    struct backend_key key = {.id = service->id, .slot = slot};
    struct backend_value *b = bpf_map_lookup_elem(&backends, &key);
    if (b && b->ip == wanted->ip && b->port == wanted->port) return 1;
  }
  return service->count > 64; /* too many to look through: trust it */
}

/* Finds where *ip, *port lead. Leaves both alone where they are no service of ours. */
static __always_inline int to_backend(struct bpf_sock_addr *ctx, __u32 *ip, __u16 *port, __u8 protocol) {
  struct service_key key = {.ip = *ip, .port = *port, .protocol = protocol};
  struct service_value *found = bpf_map_lookup_elem(&services, &key);
  if (!found) return ALLOW;
  __u64 netns = bpf_get_netns_cookie(ctx);
  if (!bpf_map_lookup_elem(&namespaces, &netns)) return ALLOW;
  struct service_value service = *found;
  if (service.count == 0) return refuse();

  struct backend_value chosen = {};
  struct client_key client = {.netns = netns, .service = key};
  __u64 now = 0;
  if (service.affinity_s) {
    now = bpf_ktime_get_ns();
    struct client_value *known = bpf_map_lookup_elem(&clients, &client);
    if (known && now - known->seen_ns < service.affinity_s * 1000000000ULL) {
      struct backend_value kept = known->backend;
      if (is_backend(&service, &kept)) chosen = kept;
    }
  }
  if (!chosen.ip) {
    struct backend_key slot = {.id = service.id, .slot = bpf_get_prandom_u32() % service.count};
    struct backend_value *b = bpf_map_lookup_elem(&backends, &slot);
    if (!b) return refuse();
    chosen = *b;
  }
  if (service.affinity_s) {
    struct client_value seen = {.seen_ns = now, .backend = chosen};
    bpf_map_update_elem(&clients, &client, &seen, BPF_ANY);
  }
  struct socket_key socket = {.cookie = bpf_get_socket_cookie(ctx), .ip = chosen.ip, .port = chosen.port};
  bpf_map_update_elem(&sockets, &socket, &key, BPF_ANY);
  *ip = chosen.ip;
  *port = chosen.port;
  return ALLOW;
}

static __always_inline int from_backend(struct bpf_sock_addr *ctx, __u32 *ip, __u16 *port) {
  struct socket_key key = {.cookie = bpf_get_socket_cookie(ctx), .ip = *ip, .port = *port};
  struct service_key *service = bpf_map_lookup_elem(&sockets, &key);
  if (!service) return 0;
  *ip = service->ip;
  *port = service->port;
  return 1;
}

static __always_inline int forward4(struct bpf_sock_addr *ctx, __u8 protocol) {
  __u32 ip = ctx->user_ip4;
  __u16 port = (__u16)ctx->user_port;
  int verdict = to_backend(ctx, &ip, &port, protocol);
  ctx->user_ip4 = ip;
  ctx->user_port = port;
  return verdict;
}

static __always_inline int reverse4(struct bpf_sock_addr *ctx) {
  __u32 ip = ctx->user_ip4;
  __u16 port = (__u16)ctx->user_port;
  if (from_backend(ctx, &ip, &port)) {
    ctx->user_ip4 = ip;
    ctx->user_port = port;
  }
  return ALLOW;
}

static __always_inline int is_mapped(struct bpf_sock_addr *ctx) {
  return ctx->user_ip6[0] == 0 && ctx->user_ip6[1] == 0 && ctx->user_ip6[2] == bpf_htonl(0xffff);
}

static __always_inline int forward6(struct bpf_sock_addr *ctx, __u8 protocol) {
  if (!is_mapped(ctx)) return ALLOW;
  __u32 ip = ctx->user_ip6[3];
  __u16 port = (__u16)ctx->user_port;
  int verdict = to_backend(ctx, &ip, &port, protocol);
  ctx->user_ip6[3] = ip;
  ctx->user_port = port;
  return verdict;
}

static __always_inline int reverse6(struct bpf_sock_addr *ctx) {
  if (!is_mapped(ctx)) return ALLOW;
  __u32 ip = ctx->user_ip6[3];
  __u16 port = (__u16)ctx->user_port;
  if (from_backend(ctx, &ip, &port)) {
    ctx->user_ip6[3] = ip;
    ctx->user_port = port;
  }
  return ALLOW;
}

SEC("cgroup/connect4") int connect4(struct bpf_sock_addr *ctx) { return forward4(ctx, (__u8)ctx->protocol); }
SEC("cgroup/sendmsg4") int sendmsg4(struct bpf_sock_addr *ctx) { return forward4(ctx, IPPROTO_UDP); }
SEC("cgroup/recvmsg4") int recvmsg4(struct bpf_sock_addr *ctx) { return reverse4(ctx); }
SEC("cgroup/getpeername4") int getpeername4(struct bpf_sock_addr *ctx) { return reverse4(ctx); }
SEC("cgroup/connect6") int connect6(struct bpf_sock_addr *ctx) { return forward6(ctx, (__u8)ctx->protocol); }
SEC("cgroup/sendmsg6") int sendmsg6(struct bpf_sock_addr *ctx) { return forward6(ctx, IPPROTO_UDP); }
SEC("cgroup/recvmsg6") int recvmsg6(struct bpf_sock_addr *ctx) { return reverse6(ctx); }
SEC("cgroup/getpeername6") int getpeername6(struct bpf_sock_addr *ctx) { return reverse6(ctx); }

char LICENSE[] SEC("license") = "Dual BSD/GPL";
