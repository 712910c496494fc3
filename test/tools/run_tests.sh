#!/bin/bash
# Runs test programs one after another and adds up their results; the last line is "N passed, N failed".
# A doctest program counts with its test cases (skipped ones do not count), a script as one test.
# $RUN is put before each program, $TEST_ARGS after it; a program that
# takes longer than $TEST_TIMEOUT (900 seconds) is ended and has failed.
passed=0 failed=0 broken=()
for program; do
  log=$(mktemp)
  start=$(date +%s.%N)
  timeout -k 20 "${TEST_TIMEOUT:-900}" $RUN "$program" $TEST_ARGS >"$log" 2>&1
  rc=$?
  seconds=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN {printf "%.1f", b - a}')
  name=$(basename "$program")
  line=$(grep -a '^\[doctest\] test cases:' "$log" | tail -1 | sed 's/\x1b\[[0-9;]*m//g')
  if [ -n "$line" ]; then
    p=$(sed -E 's/.*\| *([0-9]+) passed.*/\1/' <<<"$line")
    f=$(sed -E 's/.*\| *([0-9]+) failed.*/\1/' <<<"$line")
    [ $rc -eq 0 ] || [ "$f" -gt 0 ] || f=1
  else
    [ $rc -eq 0 ] && p=1 f=0 || p=0 f=1
  fi
  passed=$((passed + p)) failed=$((failed + f))
  if [ $rc -eq 0 ]; then
    printf '  ok    %-28s %4d passed            %6ss\n' "$name" "$p" "$seconds"
    grep -a -i '^skipped:' "$log" | sed 's/^/          /'
  else
    printf '  FAIL  %-28s %4d passed %4d failed %6ss (exit %d)\n' "$name" "$p" "$f" "$seconds" "$rc"
    broken+=("$name")
    tail -c 20000 "$log" | sed 's/^/    | /'
  fi
  rm -f "$log"
done
[ ${#broken[@]} -eq 0 ] || echo "failing: ${broken[*]}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
