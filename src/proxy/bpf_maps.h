/* Shared between embedded/bpf/services.bpf.c and ebpf_dataplane.cc: what stands in the maps.
 * Addresses and ports are in network byte order. Structs have no padding that is not named. */
#ifndef SKERRY_PROXY_BPF_MAPS_H
#define SKERRY_PROXY_BPF_MAPS_H

#include <linux/types.h>

#define SKERRY_MAX_SERVICES 16384  /* addresses and ports */
#define SKERRY_MAX_BACKENDS 65536
#define SKERRY_MAX_SOCKETS 16384   /* UDP and getpeername: what a socket thinks it talks to */
#define SKERRY_MAX_CLIENTS 8192    /* session affinity */
#define SKERRY_MAX_NAMESPACES 2048

struct service_key {
  __u32 ip;
  __u16 port;
  __u8 protocol; /* IPPROTO_TCP, IPPROTO_UDP */
  __u8 pad;
};

/* A change of backends writes them under a new id, then swaps the id here. */
struct service_value {
  __u32 id;
  __u32 count;      /* 0: nobody is there, connecting is refused */
  __u32 affinity_s; /* 0: none */
};

struct backend_key {
  __u32 id;
  __u32 slot; /* 0 .. count-1 */
};

struct backend_value {
  __u32 ip;
  __u16 port;
  __u16 pad;
};

struct socket_key {
  __u64 cookie;
  __u32 ip; /* of the backend */
  __u16 port;
  __u16 pad;
};

struct client_key {
  __u64 netns; /* a pod is its network namespace */
  struct service_key service;
};

struct client_value {
  __u64 seen_ns; /* CLOCK_MONOTONIC */
  struct backend_value backend;
};

#endif
