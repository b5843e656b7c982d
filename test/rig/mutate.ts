/** The seed of random changes; set TAZPOD_TEST_SEED to repeat a failed run. */
export const seed = Number(process.env["TAZPOD_TEST_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

export interface Mutation {
  readonly bytes: Buffer;
  /** A description for messages. */
  readonly how: string;
}

/**
 * Yields the bytes with `count` random changes: bits flipped; parts removed, zeroed, duplicated, moved and inserted.
 */
export function* mutations(whole: Buffer, count: number): Generator<Mutation> {
  const random = generator(seed);
  const below = (limit: number): number => Math.floor(random() * limit);
  // formats are mostly decided at the ends of a file
  const place = (): number => {
    const near = Math.min(below(300), whole.length - 1);
    return [near, whole.length - 1 - near, below(whole.length)][below(3)] ?? 0;
  };
  for (let index = 0; index < count; index++) {
    const [at, size] = [place(), 1 + below([1, 16, 70_000][below(3)] ?? 1)];
    const [before, part, after] = [
      whole.subarray(0, at),
      whole.subarray(at, at + size),
      whole.subarray(at + size),
    ];
    const what = below(6);
    const noise = Buffer.from(Array.from({ length: Math.min(size, 64) }, () => below(256)));
    const flipped = Buffer.from(whole);
    flipped[at] = (flipped[at] ?? 0) ^ (1 << below(8));
    const [name, bytes] = [
      ["flipped", flipped],
      ["cut out", Buffer.concat([before, after])],
      ["zeroed", Buffer.concat([before, Buffer.alloc(part.length), after])],
      ["doubled", Buffer.concat([before, part, part, after])],
      ["moved to the end", Buffer.concat([before, after, part])],
      ["put in", Buffer.concat([before, noise, part, after])],
    ][what] as [string, Buffer];
    yield { bytes, how: `${name}: ${size} bytes at ${at} (${index})` };
  }
}

/** Random numbers from 0 to 1, the same for the same seed: mulberry32. */
export function generator(start: number): () => number {
  let state = start;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
