/** Lines with the seconds since the beginning, as a way of saying what is being done while it is done. */
export function startProgress(write: (line: string) => void): (text: string) => void {
  const began = performance.now();
  return (text) => write(`[${((performance.now() - began) / 1000).toFixed(1).padStart(6)} s] ${text}\n`);
}
