/** Imported by a process that a test starts in a session of its own: it ends when the test process is gone. */
const tester = Number(process.env['BATON_TEST_PID']);
setInterval(() => {
  try {
    process.kill(tester, 0);
  } catch {
    process.exit(9);
  }
}, 500);
