#!/bin/bash
# The stock client of 1.32 beside ours, on one area of differential/cases/ (every -o). All areas: make test-kubectl-132. What 1.32 and 1.36
# answer in the same way is compared with ours in differential_test.sh already.
KUBECTL_VERSION=1.32 AREAS=${AREAS:-output} exec "$(dirname "$0")/differential_test.sh"
