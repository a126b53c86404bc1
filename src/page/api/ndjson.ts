/** The lines of a body, in batches as they arrive; empty lines are left out. */
export async function* readLines(body: ReadableStream<Uint8Array>): AsyncGenerator<readonly string[]> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  try {
    for (;;) {
      const { done, value } = await reader.read();
      const lines = (rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }))).split('\n');
      rest = done ? '' : lines.pop()!;
      const whole = lines.filter((line) => line !== '');
      if (whole.length > 0) yield whole;
      if (done) return;
    }
  } finally {
    // Whoever stops reading early does not want the rest either.
    await reader.cancel().catch(() => undefined);
  }
}
