// The flags that commands which write and print objects share, and what they say.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "json/json.h"
#include "kubectl/flags.h"
#include "kubectl/objects.h"
#include "kubectl/select.h"
#include "kubectl/session.h"

namespace skerry::kubectl {

enum class DryRun { kNone, kClient, kServer };

// --output/-o, --template, --allow-missing-template-keys, --show-managed-fields.
std::vector<Flag> print_flags();
// --dry-run
Flag dry_run_flag();
// --field-manager, with the command's default ("kubectl-create").
Flag field_manager_flag(std::string_view fallback);
// --validate
Flag validate_flag(std::string_view fallback = "strict");

// --record, which is deprecated and hidden: the command line becomes the object's annotation kubernetes.io/change-cause.
Flag record_flag();
// Where it was given, adds that annotation.
void record_change(Session& session, Json& object);

// `--dry-run` alone means client with a warning, as does true; false means none. To be asked once.
Result<DryRun> dry_run_of(Session& session);
// From --dry-run (server), --field-manager and --validate where the command has them.
Result<WriteOptions> write_options_of(Session& session);

// Shows the results of a command that writes: "deployment.apps/web scaled (dry run)" unless -o says otherwise.
class ResultPrinter {
 public:
  virtual ~ResultPrinter() = default;
  virtual Status print(const Item& item, const Json& object, std::string_view operation) = 0;
};
// BadRequest for unknown formats, with kubectl's text. With `dry_run` messages end in "(dry run)" or "(server dry run)".
// `typed`: kubectl holds the object as a built-in type here, so that its JSON is not sorted (output::OutputFlags).
Result<std::unique_ptr<ResultPrinter>> result_printer(Session& session, DryRun dry_run = DryRun::kNone, bool typed = false);

}  // namespace skerry::kubectl
