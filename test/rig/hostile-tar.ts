/** Raw tar entries, with any mistakes that a test wants. Defaults are valid. */
export interface RawEntry {
  readonly name: string;
  readonly type?: string;
  readonly mode?: number;
  /** The size in the header; by default the length of `content`. */
  readonly size?: number;
  readonly content?: string | Buffer;
  readonly target?: string;
  readonly mtime?: number;
}

/** The entries as a tar archive, with the two blocks of zeros at its end unless `end` is false. */
export function rawTar(entries: readonly RawEntry[], end = true): Buffer {
  const parts = entries.flatMap((entry) => [rawHeader(entry), padded(Buffer.from(entry.content ?? ""))]);
  return Buffer.concat([...parts, ...(end ? [Buffer.alloc(1024)] : [])]);
}

/** A pax record before an entry. */
export function pax(records: Readonly<Record<string, string>>): RawEntry {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = ` ${key}=${value}\n`;
    let length = Buffer.byteLength(rest);
    while (String(length).length + Buffer.byteLength(rest) !== length)
      length = String(length).length + Buffer.byteLength(rest);
    return `${length}${rest}`;
  });
  return { name: "PaxHeader", type: "x", content: lines.join("") };
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

function rawHeader(entry: RawEntry): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  header.write(entry.name, 0, 100);
  header.write(octal(entry.mode ?? 0o644, 7), 100);
  header.write(octal(1000, 7), 108);
  header.write(octal(1000, 7), 116);
  header.write(octal(entry.size ?? Buffer.byteLength(entry.content ?? ""), 11), 124);
  header.write(octal(entry.mtime ?? 1_700_000_000, 11), 136);
  header.fill(" ", 148, 156);
  header.write(entry.type ?? "0", 156);
  header.write(entry.target ?? "", 157, 100);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}
