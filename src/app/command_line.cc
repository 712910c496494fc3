#include "app/command_line.h"

#include <iostream>

#include "base/log.h"

namespace skerry::app {

int run_command(const CommandLine& command, const Args& args) {
  Options options(command.table);
  if (command.forgives_files) options.forgive_files();
  auto loaded = options.load(args, process_environment());
  if (loaded && options.help_wanted()) {
    std::cout << command.help << (command.lists_flags ? "\n" + options.help() : "");
    return 0;
  }
  if (loaded && !command.takes_words && !options.rest().empty())
    loaded = Error(Reason::kBadRequest, "unexpected argument \"" + options.rest()[0] + "\"");
  const Status done = loaded;
  if (!done) {
    std::cerr << "skerry " << command.name << ": " << done.error().message << "\n";
    return 2;
  }
  for (auto& error : options.file_errors()) std::cerr << "skerry " << command.name << ": warning: " << error << "\n";
  if (options.flag("debug")) log::set_level(log::Level::kDebug);
  if (auto result = command.run(options); !result) {
    std::cerr << "skerry " << command.name << ": " << result.error().message << "\n";
    return 1;
  }
  return 0;
}

}  // namespace skerry::app
