/**
 * Shell for COPY TO PROGRAM on the server that is to be stopped. A backend runs it in the data directory, as the user
 * that postgres runs as. Processes are told by that directory as their own (`-ef`: the same inode, not the same text),
 * as the guardian tells them; the shell itself and the backend that runs it (its parent) are left to the end of the session.
 */

/** No session begins any more, and nobody notices who ends: the postmaster stands still. */
export const freezePostmaster = `
pid=$(head -n 1 postmaster.pid) && [ "/proc/$pid/cwd" -ef . ] && kill -STOP "$pid"`;

/**
 * SIGKILL to the postmaster, then to all the others, until two scans in a row found nobody. Fails when somebody is left
 * after so many scans. Nothing is forked while it scans, so that it finds no process of its own.
 */
export const killEverybody = `
pid=$(head -n 1 postmaster.pid) && [ "/proc/$pid/cwd" -ef . ] || exit 3
kill -KILL "$pid"
clean=0
scans=0
while [ $clean -lt 2 ]; do
  scans=$((scans + 1))
  [ $scans -le 100 ] || exit 4
  found=0
  for process in /proc/[0-9]*; do
    pid=\${process#/proc/}
    [ "$pid" = "$$" ] && continue
    [ "$pid" = "$PPID" ] && continue
    [ "$process/cwd" -ef . ] || continue
    kill -KILL "$pid" 2>/dev/null
    found=1
  done
  if [ $found = 0 ]; then clean=$((clean + 1)); else clean=0; sleep 0.01; fi
done`;
