/** A body of bytes, up to a limit; undefined where there are more. What is left is not read. */
export async function boundedBytes(
  body: ReadableStream<Uint8Array> | null,
  limitBytes: number,
): Promise<Buffer | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body ?? []) {
    length += chunk.length;
    // Leaving the loop cancels the rest.
    if (length > limitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Undici says `fetch failed`, and what failed in the cause. */
export const messageOf = (error: unknown): string => {
  const { message, cause } = error as { message: string; cause?: { message?: string } };
  return (cause?.message || message).slice(0, 200);
};
