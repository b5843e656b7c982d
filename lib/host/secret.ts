import { inspect } from "node:util";

/**
 * Bytes that must never be printed: `toString`, `inspect` and JSON return `[secret]`. They are read through a callback;
 * `wipe` overwrites them, and any later use throws.
 */
export class Secret {
  #bytes: Buffer;
  #wiped = false;
  readonly #keys = new Map<string, Promise<Buffer>>();

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Takes ownership of the buffer: it is the secret from now on, and is wiped with it. */
  static of(bytes: Buffer): Secret {
    return new Secret(bytes);
  }

  /** Copies the UTF-8 bytes of a string. The string itself cannot be wiped, so keep it only briefly. */
  static fromText(text: string): Secret {
    return new Secret(Buffer.from(text, "utf8"));
  }

  get length(): number {
    return this.#bytes.length;
  }

  use<T>(reader: (bytes: Buffer) => T): T {
    if (this.#wiped) throw new Error("a secret was used after it was wiped");
    return reader(this.#bytes);
  }

  equals(other: Secret): boolean {
    return this.use((mine) => other.use((theirs) => mine.equals(theirs)));
  }

  /**
   * Returns a key that is derived from the secret at some cost. It is cached under `name` and wiped with the secret;
   * the last four are kept. The caller must not change the buffer.
   */
  key(name: string, make: (bytes: Buffer) => Promise<Buffer>): Promise<Buffer> {
    const known = this.#keys.get(name);
    if (known !== undefined) return known;
    const made = this.use(make);
    this.#keys.set(name, made);
    made.catch(() => this.#keys.delete(name));
    for (const old of [...this.#keys.keys()].slice(0, -4)) this.#keys.delete(old);
    return made;
  }

  wipe(): void {
    this.#bytes.fill(0);
    for (const key of this.#keys.values()) {
      key.then(
        (bytes) => bytes.fill(0),
        () => undefined,
      );
    }
    this.#keys.clear();
    this.#wiped = true;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}
