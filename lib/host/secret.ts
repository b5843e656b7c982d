import { inspect } from "node:util";

/**
 * Bytes that must never be printed: `toString`, `inspect` and JSON give `[secret]`.
 * Read through a callback; `wipe` overwrites the bytes, and any use after that is a bug.
 */
export class Secret {
  #bytes: Buffer;
  #wiped = false;
  readonly #keys = new Map<string, Promise<Buffer>>();

  private constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Takes the bytes over: the caller's buffer is the secret from now on and is wiped with it. */
  static of(bytes: Buffer): Secret {
    return new Secret(bytes);
  }

  /** Copies the UTF-8 bytes of a string; the string itself cannot be wiped, so keep its life short. */
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
   * A key that is made from the secret at some cost: made once, kept for who asks for the same `name` again, and wiped
   * with the secret. The buffer stays the secret's own. The last four are kept.
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
