#!/bin/sh
# Its standard input is a pipe that only the runner of chaos holds. When that ends, however the runner ended, the
# control groups below the directory $1 are emptied and removed. Every wait has a bound: 10 seconds.
cat >/dev/null
# A throttled process dies only once its writes are done.
for throttle in "$1"/*/blkio.throttle.write_iops_device; do
  [ -f "$throttle" ] && sed 's/ .*/ 0/' "$throttle" >"$throttle"
done
attempt=0
while [ -d "$1" ] && [ "$attempt" -lt 200 ]; do
  [ "$attempt" -gt 20 ] && echo 1 2>/dev/null >"$1/cgroup.kill"
  find "$1" -depth -type d -exec rmdir {} \; 2>/dev/null
  attempt=$((attempt + 1))
  sleep 0.05
done
if [ -d "$1" ]; then
  echo "the control group $1 could not be removed" >&2
  exit 1
fi
