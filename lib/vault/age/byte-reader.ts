/** Reads a stream in chunks of requested sizes. */
export class ByteReader {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer[] = [];
  #bytes = 0;
  #ended = false;

  constructor(source: AsyncIterable<Buffer>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Reads the next `count` bytes; fewer only at the end of the stream. */
  async take(count: number): Promise<Buffer> {
    await this.#fill(count);
    const wanted = Math.min(count, this.#bytes);
    this.#bytes -= wanted;
    const pieces: Buffer[] = [];
    for (let left = wanted; left > 0;) {
      const first = this.#held[0] as Buffer;
      pieces.push(first.subarray(0, left));
      if (first.length > left) this.#held[0] = first.subarray(left);
      else this.#held.shift();
      left -= Math.min(left, first.length);
    }
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }

  /** Reads up to the end that `length` finds, within the first `most` bytes; undefined when it finds none. */
  async takeUntil(length: (head: Buffer) => number | undefined, most: number): Promise<Buffer | undefined> {
    for (let looked = 4096; ; looked = Math.min(looked * 4, most)) {
      await this.#fill(looked);
      this.#held = [Buffer.concat(this.#held)];
      const found = length((this.#held[0] ?? Buffer.alloc(0)).subarray(0, most));
      if (found !== undefined) return this.take(found);
      if (this.#ended || looked === most) return undefined;
    }
  }

  async atEnd(): Promise<boolean> {
    await this.#fill(1);
    return this.#bytes === 0;
  }

  /** Stops reading the stream before its end. */
  async close(): Promise<void> {
    this.#ended = true;
    await this.#source.return?.();
  }

  async #fill(count: number): Promise<void> {
    while (this.#bytes < count && !this.#ended) {
      const next = await this.#source.next();
      if (next.done === true) this.#ended = true;
      else if (next.value.length > 0) {
        this.#held.push(next.value);
        this.#bytes += next.value.length;
      }
    }
  }
}
