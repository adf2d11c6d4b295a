// Waits for a condition of another process, a file or a socket, not for a time.
const DEADLINE_MS = 20_000;
const LOOK_EVERY_MS = 10;

export async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + DEADLINE_MS;
  while (!holds()) {
    if (performance.now() > end) throw new Error(`never came: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
