#!/bin/bash
# run_fuzz.sh CORPUS PROGRAM...: each fuzz target for $FUZZ_SECONDS; fails if one finds something.
# What it starts from: what was found before (CORPUS), and test/fuzz/<target>/.
corpus=$1
shift
failed=0
[ $# -gt 0 ] || echo "no fuzz targets"
for program; do
  name=$(basename "$program")
  mkdir -p "$corpus/$name"
  log=$corpus/$name.log
  seeds=(test/fuzz/"${name#fuzz_}")
  [ -d "${seeds[0]}" ] || seeds=()
  if "$program" -max_total_time="${FUZZ_SECONDS:-5}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$corpus/$name.crash-" "$corpus/$name" "${seeds[@]}" >"$log" 2>&1; then
    printf '  ok    %-36s %s inputs\n' "$name" "$(sed -n 's/stat::number_of_executed_units: *//p' "$log")"
  else
    printf '  FAIL  %-36s see %s\n' "$name" "$log"
    tail -40 "$log" | sed 's/^/    | /'
    failed=$((failed + 1))
  fi
done
[ $failed -eq 0 ]
