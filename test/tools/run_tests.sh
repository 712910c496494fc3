#!/bin/bash
# Runs test programs one after another and adds up their results; the last line is "N passed, N failed".
# A doctest program counts with its test cases (skipped ones do not count), a script as one test.
# $RUN is put before each program, $TEST_ARGS after it; a program that
# takes longer than $TEST_TIMEOUT (900 seconds) is ended and has failed. With TEST_REPEAT=1 a program that failed is run once more: what
# passes then is told as "unsteady" with the output of the failure, and counts as passed. Each of those is a bug to be found all the same.
passed=0 failed=0 broken=() unsteady=()
shown() { tail -c 20000 "$1" | sed 's/^/    | /'; }
for program; do
  log=$(mktemp)
  name=$(basename "$program")
  for attempt in 0 1; do
    start=$(date +%s.%N)
    timeout -k 20 "${TEST_TIMEOUT:-900}" $RUN "$program" $TEST_ARGS >"$log" 2>&1
    rc=$?
    seconds=$(awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN {printf "%.1f", b - a}')
    [ $rc -ne 0 ] && [ $attempt -lt "${TEST_REPEAT:-0}" ] || break
    printf '  AGAIN %-28s failed after %ss (exit %d), and is repeated:\n' "$name" "$seconds" "$rc"
    shown "$log"
  done
  [ $attempt -eq 0 ] || [ $rc -ne 0 ] || unsteady+=("$name")
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
    shown "$log"
  fi
  rm -f "$log"
done
[ ${#unsteady[@]} -eq 0 ] || echo "unsteady, failed once and passed once: ${unsteady[*]}"
[ ${#broken[@]} -eq 0 ] || echo "failing: ${broken[*]}"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
