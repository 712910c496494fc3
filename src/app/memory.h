// What the process keeps of the machine's memory.
#pragma once

namespace skerry::app {

// Few arenas, freed memory back to the kernel early. Call first in main(): the allocator looks at it once. Two arenas on
// small machines cost no throughput that could be measured and keep half of the memory after a burst of pods.
void tune_allocator();

// Gives freed memory back, and lets go of the executable's pages (they come back from the page cache when they are
// touched): what only the start needed, most of it, is then nobody's any more. A millisecond or two.
void give_back_memory();

}  // namespace skerry::app
