// The shim: one small process per pod, the same executable re-executed.
//
// It is the parent of the pod's containers, holds the pod's network, IPC and UTS namespaces by living in them, writes
// the containers' logs, records how they ended, and outlives skerry. It is one thread around epoll.
#pragma once

namespace skerry::runtime {

// True for "skerry shim ...": main must then return shim_main() before it builds anything.
bool is_shim(int argc, char** argv);
int shim_main(int argc, char** argv);

}  // namespace skerry::runtime
